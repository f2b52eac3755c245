/** How one moves files into a container and out of it without nix-voyager: what streaming is compared with. */
import { mkdtempSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import Dockerode from "dockerode";
import * as tar from "tar";
import { run, shellLine } from "./command.mjs";
import { benchLabel } from "./engine.mjs";

const engine = new Dockerode({ socketPath: "/var/run/docker.sock" });

/** A new container of the image, as which nothing happens in it. It goes when all is measured. */
async function idle(image, start) {
  const options = ["--label", benchLabel, "--network", "none", "--entrypoint", "sleep"];
  const command = start ? ["docker", "run", "--detach"] : ["docker", "create"];
  return (await run([...command, ...options, image, "infinity"])).stdout.trim();
}

const tarIn = (path, container) => [
  "sh",
  "-c",
  `tar --create --directory '${dirname(path)}' '${basename(path)}' | docker exec --interactive ${container} sh -c 'mkdir /in && tar --extract --directory /in'`,
];

const tarOut = (container, name, target) => [
  "sh",
  "-c",
  `docker exec ${container} tar --create --directory / ${name} | tar --extract --directory '${target}'`,
];

async function timed(work) {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/**
 * Three ways to copy a folder into a container of the image, as sides of a figure. The container is made
 * beforehand and goes at the end: what is deleted now would slow the next side down.
 *
 * @param {string} image
 * @param {string} path folder of this machine
 */
export function copyingIn(image, path) {
  return {
    dockerCp: {
      label: "docker cp",
      command: "docker cp FOLDER CONTAINER:/in",
      run: async () => (await run(["docker", "cp", path, `${await idle(image, false)}:/in`])).seconds,
    },
    execTar: {
      label: "tar | docker exec tar",
      command: shellLine(tarIn("/FOLDER", "CONTAINER")),
      run: async () => (await run(tarIn(path, await idle(image, true)))).seconds,
    },
    archiveApi: {
      label: "archive API, with dockerode and tar",
      command: 'container.putArchive(tar.create({ cwd: FOLDER }, ["."]), { path: "/" })',
      run: async () => {
        const container = engine.getContainer(await idle(image, false));
        return timed(() => container.putArchive(tar.create({ cwd: path }, ["."]), { path: "/mnt" }));
      },
    },
  };
}

/**
 * Three ways to copy files out of a container, as sides of a figure.
 *
 * @param {string} image
 * @param {string} path file or folder of this machine, which is copied into the container beforehand
 * @param {string} temporary folder to copy into
 * @param {{ keep?: boolean }} [options] whether copies stay until all is measured: see runHelper
 */
export async function copyingOut(image, path, temporary, { keep = true } = {}) {
  const id = await idle(image, true);
  await run(["docker", "cp", path, `${id}:/out`]);
  const into = async (copy) => {
    const target = mkdtempSync(join(temporary, "out-"));
    const seconds = await copy(target);
    if (!keep) rmSync(target, { recursive: true });
    return seconds;
  };
  return {
    dockerCp: {
      label: "docker cp",
      command: "docker cp CONTAINER:/out COPY",
      run: () => into(async (target) => (await run(["docker", "cp", `${id}:/out`, target])).seconds),
    },
    execTar: {
      label: "docker exec tar | tar",
      command: shellLine(tarOut("CONTAINER", "out", "COPY")),
      run: () => into(async (target) => (await run(tarOut(id, "out", target))).seconds),
    },
    archiveApi: {
      label: "archive API, with dockerode and tar",
      command: 'pipeline(container.getArchive({ path: "/out" }), tar.extract({ cwd: COPY }))',
      run: () =>
        into((target) =>
          timed(async () => {
            const stream = await engine.getContainer(id).getArchive({ path: "/out" });
            await pipeline(stream, tar.extract({ cwd: target }));
          }),
        ),
    },
  };
}
