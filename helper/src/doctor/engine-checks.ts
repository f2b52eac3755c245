/** Checks of the engine: is it there, may builds use it, has it what builds need. */
import { existsSync, statSync } from "node:fs";
import { connect } from "node:net";
import { findGroup } from "../common/accounts.ts";
import { codeOf, VoyagerError } from "../common/errors.ts";
import { DockerEngine } from "../engine/docker/docker-engine.ts";
import type { Engine, EngineInfo } from "../engine/engine.ts";
import { brokerSocket, locate, sandboxSocket } from "../engine/locate.ts";
import { readEngineSettings } from "../engine/settings.ts";
import { isOurs, labels } from "../environment/labels.ts";
import { bad, type Finding, ok, warning } from "./check.ts";

/** Seconds by which the engine's clock may be off before builds see odd file times. */
const tolerableSkew = 5;

/** The group that Nix builds run in. */
const buildGroup = "nixbld";

/** An engine that answers, or the finding that says why not. */
export async function reachEngine(
  explicit?: string,
): Promise<{ finding: Finding; engine?: Engine; info?: EngineInfo }> {
  try {
    const { address, origin } = locate(process.env, explicit);
    const engine = new DockerEngine(address);
    const info = await engine.info();
    return { finding: ok("engine", `version ${info.version} at ${address} (${origin})`), engine, info };
  } catch (error) {
    if (!(error instanceof VoyagerError)) throw error;
    const detail = error.details.why ? `${error.what}: ${error.details.why}` : error.what;
    // Who may not use the engine, need not: builds have the broker.
    if (error.what.startsWith("permission denied") && existsSync(brokerSocket)) {
      const finding = warning(
        "engine",
        detail,
        "builds use the broker; to check the engine, too, run this as root",
      );
      return { finding };
    }
    return { finding: bad("engine", detail, error.details.remedy ?? "") };
  }
}

/** The socket that sandboxed builds use, the broker's before the engine's: there, and open to the build users. */
export function checkBuildSocket(sandboxed: boolean): Finding {
  const offered = existsSync(brokerSocket) ? brokerSocket : sandboxSocket;
  const name = offered === brokerSocket ? "broker's socket for builds" : "engine socket for builds";
  const group = findGroup(buildGroup);
  if (!group) {
    return warning(
      name,
      `there is no group ${buildGroup}`,
      "builds run as the user who starts them; that user must reach the engine",
    );
  }
  const path = sandboxed || existsSync(offered) ? offered : "/var/run/docker.sock";
  if (!existsSync(path)) {
    return bad(
      name,
      `neither ${brokerSocket} nor ${path} exists`,
      "start the broker, which lets Nix builds reach the engine: docs/broker.md, or ./setup/quickstart",
    );
  }
  const { gid, mode } = statSync(path);
  if (gid === group.gid && (mode & 0o060) === 0o060) return ok(name, `${path} is open to ${buildGroup}`);
  if ((mode & 0o006) === 0o006)
    return warning(name, `${path} is open to everybody`, `chgrp ${buildGroup} ${path}; chmod 660 ${path}`);
  if (sandboxed) {
    return bad(
      name,
      `${path} is not open to the build users`,
      `the sandbox drops supplementary groups, so the socket's own group must be ${buildGroup}: chgrp ${buildGroup} ${path}; chmod 660 ${path}`,
    );
  }
  const holder = findGroup(gid);
  if (group.members.some((member) => holder?.members.includes(member)))
    return ok(name, `${path} is open to the build users by their groups`);
  return bad(
    name,
    `${path} is not open to the build users`,
    `add them to its group ${holder?.name ?? gid}: usermod -aG ${holder?.name ?? gid} ${buildGroup}1 (and so on)`,
  );
}

/** The broker, where there is its socket: whose file stays when who listened there was killed. */
export async function checkBroker(path = brokerSocket): Promise<Finding[]> {
  if (!existsSync(path)) return [];
  const error = await new Promise<unknown>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(null);
    });
    socket.on("error", resolve);
  });
  const name = "broker";
  if (codeOf(error) !== "ECONNREFUSED") return [ok(name, `listens at ${path}`)];
  return [
    bad(
      name,
      `nobody listens at ${path}`,
      "start it: systemctl start nix-voyager-broker, or ./setup/quickstart",
    ),
  ];
}

export async function checkBaseImages(engine: Engine): Promise<Finding> {
  const images = (await engine.images(`${labels.kind}=base`)).filter(isOurs);
  const names = images.map((image) => image.labels[labels.system] ?? "?").sort();
  if (names.length > 0) return ok("base images", names.join(", "));
  return warning(
    "base images",
    "none was made on this engine",
    "fine where the engine can pull from a registry; elsewhere: voyager image bootstrap debian12",
  );
}

/** How many builds the engine may run at once, and whether the file that says it can be used. */
export function checkSettings(): Finding {
  const name = "builds at once";
  try {
    const { maxBuilds } = readEngineSettings();
    return ok(name, `at most ${maxBuilds} on this engine`);
  } catch (error) {
    if (!(error instanceof VoyagerError)) throw error;
    return bad(name, `${error.what}: ${error.details.why}`, error.details.remedy ?? "");
  }
}

export function checkClock(info: EngineInfo): Finding {
  if (!info.time) return ok("clock", "the engine does not tell its time");
  const skew = Math.abs(info.time.getTime() - Date.now()) / 1000;
  if (skew <= tolerableSkew) return ok("clock", "the engine's agrees with ours");
  return warning(
    "clock",
    `the engine's is off by ${Math.round(skew)} s`,
    "synchronise both with NTP: the age of environments is told by the clock",
  );
}
