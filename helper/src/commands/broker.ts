/** `voyager broker`: the service that stands between builds and the engine. */
import { appendFileSync, existsSync } from "node:fs";
import { dirname } from "node:path";
import { VoyagerError } from "../common/errors.ts";
import { Broker } from "../broker/server.ts";
import { policyFile, readPolicy } from "../broker/policy.ts";
import { Trail } from "../broker/trail.ts";
import { connect } from "../engine/connect.ts";
import { readEngineSettings } from "../engine/settings.ts";

export interface BrokerCommand {
  /** Path of the socket for builds. */
  socket: string;
  /** The policy's file. */
  policy: string;
  /** Files with systems that environments may be made of. */
  systems: string[];
  /** File that gets the audit trail; undefined: standard error. */
  trail: string | undefined;
  /** Folder for mounts. */
  mounts: string;
}

/**
 * Serves builds. Throws a `usage` error where it cannot be what it should be.
 *
 * It runs until it is told to end by SIGTERM or SIGINT: then it takes no more builds, and ends when those that run have
 * ended; a second signal ends it at once.
 */
export async function broker(engineAddress: string | undefined, command: BrokerCommand): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new VoyagerError("usage", "the broker must be started as root", {
      why: "it uses the engine's own socket, and mounts folders of builds for it",
      remedy: "start it as a service: docs/broker.md has the unit",
    });
  }
  const { trail: file } = command;
  if (file !== undefined && !existsSync(dirname(file))) {
    throw new VoyagerError("usage", `the folder of --trail ${file} does not exist`, { remedy: "make it" });
  }
  if (command.policy !== policyFile && !existsSync(command.policy)) {
    throw new VoyagerError("usage", `the policy ${command.policy} does not exist`, {
      remedy: `name one that does, or leave --policy out: without ${policyFile} the defaults hold`,
    });
  }
  const trail = new Trail(
    file === undefined ? undefined : (line) => appendFileSync(file, line, { mode: 0o640 }),
  );
  const policy = readPolicy(command.policy, command.systems);
  const { maxBuilds, answerTimeout } = readEngineSettings();
  const engine = connect(engineAddress, undefined, answerTimeout);
  const { version } = await engine.info();
  const running = new Broker({
    engine,
    policy,
    maxBuilds,
    trail,
    mountsFolder: `${command.mounts}/${process.pid}`,
  });
  const inherited = inheritedSocket();
  if (inherited === null) await running.listen(command.socket);
  else await running.listenAt(inherited);
  const systems = policy.systems === "any" ? "any" : policy.systems.map(({ name }) => name);
  const socket = inherited === null ? command.socket : "of the service manager";
  trail.note("broker started", { socket, engine: engine.address, version, systems });
  await new Promise<void>((resolve) => {
    let asked = false;
    const stop = (signal: string) => {
      if (asked) running.destroy();
      else trail.note("ending: no more builds are taken", { signal, open: running.size });
      asked = true;
      running.drain().then(resolve);
    };
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, stop);
  });
  trail.note("broker ended");
}

/** Where the descriptors begin that systemd hands over: sd_listen_fds(3). */
const firstDescriptor = 3;

/** The socket that systemd listens at for us; null: there is none. */
function inheritedSocket(): number | null {
  const { LISTEN_PID: pid, LISTEN_FDS: count } = process.env;
  // They are not for programs that we start.
  delete process.env.LISTEN_PID;
  delete process.env.LISTEN_FDS;
  delete process.env.LISTEN_FDNAMES;
  if (pid !== String(process.pid)) return null;
  if (count === "1") return firstDescriptor;
  throw new VoyagerError("usage", `the service manager hands over ${count} sockets`, {
    why: "the broker listens at one",
    remedy: "leave one ListenStream in the socket unit: setup/systemd has it",
  });
}
