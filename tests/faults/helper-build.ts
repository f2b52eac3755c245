/** Runs the helper as Nix's sandbox does, without Nix around it: its folder is at the same path in each build. */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Spec } from "../../helper/src/spec/spec.ts";

/** How a build ended. */
export interface Ended {
  /** null: it had to be killed, as it took too long. */
  status: number | null;
  stderr: string;
  /** What is at the output's path, null: nothing. */
  output: string | null;
}

export interface HelperBuild {
  /** Starts the helper; without its own arguments. */
  command: string[];
  spec: Spec;
  closure: { path: string; narSize: number }[];
  /** Address of the engine. */
  engine: string;
  /** A text that differs in each build, and does not count as a difference of outputs. */
  nonce: string;
  /** Seconds after which it is killed. */
  limit: number;
}

/** Each build sees its own folder at the second one's path. */
const bound = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';

/** @param folder of ours, with an empty folder `build` in it */
export async function runHelper(folder: string, build: HelperBuild): Promise<Ended> {
  const { command, spec, closure, engine, nonce, limit } = build;
  const top = mkdtempSync(join(folder, "top-"));
  const same = join(folder, "build");
  const output = join("store", `${"0".repeat(32)}-${spec.name}`);
  mkdirSync(join(top, "store"));
  const attributes = { voyager: spec, outputs: { out: join(same, output) }, closure };
  writeFileSync(join(top, ".attrs.json"), JSON.stringify(attributes));
  const args = [
    "--mount",
    "--propagation",
    "private",
    "sh",
    "-c",
    bound,
    "sh",
    top,
    same,
    ...command,
    "build",
  ];
  const env = { PATH: process.env.PATH, NIX_BUILD_TOP: same, DOCKER_HOST: engine };
  try {
    const { status, stderr } = await runToEnd("unshare", args, env, limit);
    return { status, stderr, output: fingerprint(join(top, output), nonce) };
  } finally {
    rmSync(top, { recursive: true, force: true });
  }
}

function runToEnd(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  limit: number,
): Promise<Pick<Ended, "status" | "stderr">> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ["ignore", "ignore", "pipe"] });
    let stderr = "";
    child.stderr.on("data", (data: Buffer) => {
      stderr += data.toString();
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), limit * 1000);
    child.on("error", reject);
    child.on("close", (status) => {
      clearTimeout(timer);
      resolve({ status, stderr });
    });
  });
}

/** A hash of all that Nix would keep of a path, null when there is nothing. */
function fingerprint(path: string, nonce: string): string | null {
  if (!existsSync(path)) return null;
  const hash = createHash("sha256");
  const take = (file: string, name: string) => {
    const stat = lstatSync(file);
    const kind = stat.isDirectory() ? "folder" : stat.isSymbolicLink() ? "link" : "file";
    hash.update(`${kind} ${name} ${stat.mode & 0o111 ? "x" : "-"}\n`);
    if (kind === "folder")
      for (const entry of readdirSync(file).sort()) take(join(file, entry), `${name}/${entry}`);
    else if (kind === "link") hash.update(readlinkSync(file));
    else hash.update(readFileSync(file, "latin1").replaceAll(nonce, "NONCE"));
  };
  take(path, "");
  return hash.digest("hex");
}
