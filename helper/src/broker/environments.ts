/** Makes environments for builds: that takes root and a network, which no build is given. */
import { realpathSync, statSync } from "node:fs";
import pino from "pino";
import { messageOf, VoyagerError } from "../common/errors.ts";
import type { ContainerRequest, Engine, RunningContainer } from "../engine/engine.ts";
import { type Environment, ensureEnvironment } from "../environment/environments.ts";
import { labels } from "../environment/labels.ts";
import type { Conversation } from "./conversation.ts";
import { requireStorePath } from "./folders.ts";
import { allowedSystem, type Policy } from "./policy.ts";
import { type EnvironmentWanted, Refused } from "./requests.ts";

const remedy =
  "the administrator of this machine decides which: docs/broker.md says how a system is added to the broker's policy";

/**
 * Checks what is asked for. Throws Refused, or a VoyagerError that says what to do.
 *
 * @returns what is made: of the policy's own system, whatever name the build has for it, so that names do not
 *   multiply what the engine keeps
 */
export function checkEnvironment(wanted: EnvironmentWanted, policy: Policy): EnvironmentWanted {
  const { system, lock } = wanted;
  const allowed = allowedSystem(policy, system);
  if (allowed === null) {
    throw new VoyagerError("environment", `the broker makes no environments of the system ${system.name}`, {
      why: "its policy does not have this system, as it is defined here",
      remedy,
    });
  }
  if (lock?.packages && !policy.lockedPackages) {
    throw new VoyagerError("environment", `the broker installs no packages from a folder`, {
      why: "their scripts run as root in a container, and its policy does not allow lockedPackages",
      remedy,
    });
  }
  const keys = system.repositories.flatMap(({ key }) => (key === null ? [] : [key]));
  for (const file of [...keys, ...system.certificates, ...(lock ? [lock.file, lock.packages] : [])]) {
    if (file !== null) requireFileOfStore(file, policy.store);
  }
  if (lock && statSync(lock.file).size > mostLock)
    throw new Refused(`${lock.file} is too large for a system lock`);
  // A lock names its system.
  return lock ? wanted : { ...wanted, system: allowed };
}

/** Bytes of a system lock: one for 5,000 packages has two million. */
const mostLock = 16_000_000;

/** What the broker reads for a build must be in the store already: it can read more than that build. */
function requireFileOfStore(file: string, store: string): void {
  let real: string;
  try {
    real = realpathSync(file);
  } catch {
    throw new Refused(`${file} does not exist on the engine's host`);
  }
  for (const path of [file, real]) {
    const [name = ""] = path.startsWith(`${store}/`) ? path.slice(store.length + 1).split("/") : [];
    try {
      requireStorePath(`${store}/${name}`, store);
    } catch (error) {
      throw new Refused(messageOf(error));
    }
    if (path.split("/").includes("..")) throw new Refused(`${file} is no path of the store`);
  }
}

/**
 * Makes it, or finds it. The log of it goes to the build.
 *
 * When the build goes, the container in which it is made goes, too, and another build that waits for the same
 * environment makes it.
 *
 * @param broker what marks containers as this broker's
 */
export async function makeEnvironment(
  engine: Engine,
  { system, layers, maxAge, lock }: EnvironmentWanted,
  policy: Policy,
  broker: string,
  conversation: Conversation,
): Promise<Environment> {
  const log = pino({ level: "debug", base: null }, { write: (line: string) => tellLog(line, conversation) });
  return ensureEnvironment(
    bounded(engine, policy, broker, conversation),
    { system, layers, maxAge, lock },
    log,
  );
}

const levels: Record<number, "debug" | "info" | "warn" | "error"> = { 20: "debug", 30: "info", 40: "warn" };

function tellLog(line: string, conversation: Conversation): void {
  const { level, msg, seconds, phase } = JSON.parse(line) as {
    level: number;
    msg: string;
    seconds?: number;
    phase?: string;
  };
  conversation.tell({
    event: "log",
    level: levels[level] ?? "error",
    message: msg,
    ...(seconds === undefined ? {} : { seconds }),
    ...(phase === undefined ? {} : { phase }),
  });
}

/**
 * The same engine until the build goes: then it does nothing more, and what was started ends. Containers have a
 * build's limits, and this broker's mark: one that was made and never started is nobody else's to remove.
 */
function bounded(engine: Engine, { perBuild }: Policy, broker: string, conversation: Conversation): Engine {
  const { gone } = conversation;
  const { memory, cpus, pids, environmentSeconds } = perBuild;
  const start = async (request: ContainerRequest): Promise<RunningContainer> => {
    gone.throwIfAborted();
    const container = await engine.start({
      ...request,
      labels: { ...request.labels, [labels.broker]: broker },
      limits: { memory, cpus, pids },
    });
    const kill = () => void container.kill().catch(() => {});
    const timer = setTimeout(() => {
      const what = `making the environment took more than the ${environmentSeconds} s that the broker allows`;
      const remedy =
        "ask for fewer packages at once, or look whether the mirror answers;\nthe administrator sets this limit in the broker's policy (perBuild)";
      conversation.fail(new VoyagerError("environment", what, { remedy }));
      kill();
    }, environmentSeconds * 1000);
    if (gone.aborted) kill();
    gone.addEventListener("abort", kill, { once: true });
    container.exit
      .catch(() => {})
      .finally(() => {
        clearTimeout(timer);
        gone.removeEventListener("abort", kill);
      });
    return container;
  };
  return new Proxy(engine, {
    get(target, name) {
      if (name === "start") return start;
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        gone.throwIfAborted();
        return (value as (...args: unknown[]) => unknown).apply(target, args);
      };
    },
  });
}
