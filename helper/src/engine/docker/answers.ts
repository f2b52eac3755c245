/**
 * What answers of the engine must hold, as far as they are read. An answer that has something else in
 * its place, an error above all, must not pass for one that says nothing.
 */
import * as v from "valibot";

const labels = v.optional(v.nullable(v.record(v.string(), v.string())));

export const imageAnswer = v.object({
  Id: v.pipe(v.string(), v.minLength(1)),
  RepoTags: v.optional(v.nullable(v.array(v.string()))),
  /** A date, or in a list seconds. */
  Created: v.union([v.string(), v.number()]),
  Size: v.number(),
  Labels: labels,
  Config: v.optional(v.nullable(v.object({ Labels: labels }))),
  Comment: v.optional(v.string()),
});
export type ImageAnswer = v.InferOutput<typeof imageAnswer>;

export const infoAnswer = v.object({
  Name: v.optional(v.string()),
  ServerVersion: v.optional(v.string()),
  SystemTime: v.optional(v.string()),
  DockerRootDir: v.optional(v.string()),
  CgroupDriver: v.optional(v.string()),
  CgroupVersion: v.optional(v.string()),
  /** Podman's. */
  Rootless: v.optional(v.boolean()),
});

/** What was created: a container, an image, a program. */
export const created = v.object({ Id: v.pipe(v.string(), v.minLength(1)) });

export const containerAnswer = v.object({
  Id: v.pipe(v.string(), v.minLength(1)),
  Created: v.string(),
  State: v.object({ Running: v.boolean(), FinishedAt: v.optional(v.string(), "") }),
  Config: v.optional(v.nullable(v.object({ Labels: labels }))),
  HostConfig: v.optional(v.nullable(v.object({ AutoRemove: v.optional(v.boolean(), false) }))),
});
export type ContainerAnswer = v.InferOutput<typeof containerAnswer>;

export const containerList = v.array(
  v.object({ Id: v.string(), Names: v.optional(v.nullable(v.array(v.string()))), Labels: labels }),
);

export const containerSize = v.object({ SizeRw: v.optional(v.number(), 0) });

export const volumeList = v.object({
  Volumes: v.nullable(v.array(v.object({ Name: v.string(), CreatedAt: v.optional(v.string(), "") }))),
});

export const programState = v.object({ Running: v.boolean(), ExitCode: v.nullable(v.number()) });
