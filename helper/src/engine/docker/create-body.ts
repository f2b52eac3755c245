/** What a container is allowed. */
import type { ContainerRequest } from "../engine.ts";
import { environmentList } from "./container.ts";
import type { Dialect } from "./dialect.ts";

/** The request as Docker's API wants it. */
export function createBody(request: ContainerRequest, dialect: Dialect): Record<string, unknown> {
  const { limits } = request;
  return {
    Image: request.image,
    // Entrypoint: what the image itself would start must not come into it.
    Entrypoint: request.command,
    Cmd: [],
    Env: environmentList(request.env),
    User: request.user,
    WorkingDir: request.workingDirectory,
    Hostname: "localhost",
    // It has a network namespace of its own in any case, in which the runtime itself brings up the
    // loopback. Without this the engine starts a program to take hold of that namespace, which takes as
    // long as the whole rest of the start.
    NetworkDisabled: !request.network,
    Labels: request.labels,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    // The lifeline: when the attached input ends, for whatever reason, process 1 ends.
    OpenStdin: true,
    StdinOnce: true,
    Tty: false,
    ...dialect.creation(request),
    HostConfig: {
      AutoRemove: true,
      Init: true,
      NetworkMode: request.network ? "default" : "none",
      LogConfig: { Type: "none", Config: {} },
      SecurityOpt: ["no-new-privileges"],
      CapDrop: request.privilegesOfPackageManager ? [] : ["ALL"],
      Mounts: [
        ...request.mounts.map((mount) => ({
          Type: "bind",
          Source: mount.source,
          Target: mount.target,
          ReadOnly: mount.readOnly,
        })),
        ...(request.volumes ?? []).map((volume) => ({
          Type: "volume",
          Source: volume.name,
          Target: volume.target,
          // What an image has there must not get into what others read.
          VolumeOptions: { Labels: volume.labels, NoCopy: true },
        })),
      ],
      ...(limits.memory === null ? {} : { Memory: limits.memory, MemorySwap: limits.memory }),
      ...(limits.cpus === null ? {} : { NanoCpus: Math.round(limits.cpus * 1e9) }),
      ...(limits.pids === null ? {} : { PidsLimit: limits.pids }),
      ...dialect.hostConfig(request),
    },
  };
}
