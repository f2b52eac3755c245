/** `voyager shell`: the container of a build that failed, as the build left it. */
import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { VoyagerError } from "../common/errors.ts";
import { buildFolder, controlFolder } from "../build/layout.ts";
import { readSavedBuild } from "../build/saved-build.ts";
import { locate } from "../engine/locate.ts";

/**
 * Opens it with the `docker` command, which knows terminals. Resolves with the shell's status.
 * The outputs are empty folders of their own: what is written there is thrown away.
 */
export async function shell(folder: string, engineAddress?: string): Promise<number> {
  const saved = readSavedBuild(folder);
  const container = join(saved.folder, "container");
  if (!existsSync(container)) {
    throw new VoyagerError("usage", `${folder} has no build folder left`, {
      remedy: "build again with `nix-build --keep-failed`",
    });
  }
  const lost = saved.closure.find((path) => !existsSync(path));
  if (lost) {
    throw new VoyagerError("usage", `${lost} is no longer in the Nix store`, {
      why: "the build's dependencies were collected as garbage",
      remedy: "build again with `nix-build --keep-failed`",
    });
  }
  const { uid, gid } = statSync(container);
  const scratch = mkdtempSync(join(tmpdir(), "voyager-shell-"));
  const bind = (source: string, target: string) => `type=bind,source=${source},target=${target}`;
  const mounts = [
    bind(container, buildFolder),
    ...saved.closure.map((path) => `${bind(path, path)},readonly`),
  ];
  for (const output of saved.outputs) {
    const empty = join(scratch, basename(output));
    mkdirSync(empty);
    chmodSync(empty, 0o777); // whatever our umask is
    mounts.push(bind(empty, output));
  }
  for (const name of ["passwd", "group"]) {
    const file = join(container, controlFolder, name);
    if (existsSync(file)) mounts.push(`${bind(file, `/etc/${name}`)},readonly`);
  }
  const source = join(container, "source");
  const args = [
    ["run", "--rm", "--init", "--interactive", ...(process.stdin.isTTY ? ["--tty"] : [])],
    ["--network", "none", "--hostname", "localhost", "--user", `${uid}:${gid}`],
    ["--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
    ["--workdir", existsSync(source) ? `${buildFolder}/source` : buildFolder],
    ...mounts.map((mount) => ["--mount", mount]),
    ...Object.entries(saved.variables).map(([name, value]) => ["--env", `${name}=${value}`]),
    ["--entrypoint", "bash", saved.image],
  ].flat();
  const { address } = locate(process.env, engineAddress);
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn("docker", args, {
        stdio: "inherit",
        env: { ...process.env, DOCKER_HOST: address },
      });
      child.on("error", () =>
        reject(
          new VoyagerError("usage", "the `docker` command is not installed", {
            remedy: "install it: apt-get install docker.io (it is only the client that is needed)",
          }),
        ),
      );
      child.on("close", (status) => resolve(status ?? 1));
    });
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
