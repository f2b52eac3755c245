/**
 * In what engines differ that speak Docker's API. What is said here of Podman was seen with 4.3 (Debian 12)
 * and 5.4 (Debian 13).
 */
import type { ContainerRequest, Image } from "../engine.ts";
import type { ImageAnswer } from "./answers.ts";
import { EngineRefusal } from "./connection.ts";

/** Whether a container is not there. Podman has another status for one that goes while it looks. */
export function isGone(error: unknown): boolean {
  return error instanceof EngineRefusal && (error.status === 404 || /no such container/.test(error.reason));
}

/** Whether an image is not there. Docker has another status for one that somebody else removes at the same moment. */
export function isImageGone(error: unknown): boolean {
  return (
    error instanceof EngineRefusal && (error.status === 404 || /unrecognized image ID/.test(error.reason))
  );
}

/** Whether a container cannot be removed only because it ends by itself at this moment: Podman's words. */
export function isEnding(error: unknown): boolean {
  return error instanceof EngineRefusal && /container state improper/.test(error.reason);
}

/** An image's id, by which Podman means what Docker does, without saying what kind of hash it is. */
export function imageId(id: string): string {
  return id.replace(/^(?=[0-9a-f]{64}$)/, "sha256:");
}

/** What an engine does in its own way. */
export interface Dialect {
  image(answer: ImageAnswer): Image;
  /** What the query of an import must say, for the image to have these labels. */
  importLabels(labels: Record<string, string>): { changes?: string | string[] };
  /** The same for an image of a container, as far as the body does not say it. */
  commitLabels(labels: Record<string, string>): { changes?: string[] };
  /** Whether this is what the engine says last of an import that went well. */
  isImported(status: string): boolean;
  /** The same for a pull. */
  isPulled(status: string): boolean;
  /** What is different in the body that creates a container. */
  creation(request: ContainerRequest): Record<string, unknown>;
  /** The same of its part `HostConfig`. */
  hostConfig(request: ContainerRequest): Record<string, unknown>;
  /** Whether a container was not created because another one has its name. */
  isNameTaken(refusal: EngineRefusal): boolean;
  /** Whether it was not because something that should be bound into it is not there. */
  isMountSourceMissing(refusal: EngineRefusal): boolean;
  /** The same, told of one that was created when it is attached to, or started. */
  isMountSourceMissingLater(refusal: EngineRefusal, request: ContainerRequest): boolean;
  /** The states in which a container is that has ended, or was never started. */
  readonly idleStates: string[];
  /** Whether a volume has its labels only if it is made before the container that wants it. */
  readonly makesVolumesFirst: boolean;
  /** Whether attaching to a container that has not started reads its files. */
  readonly readsFilesWhenAttached: boolean;
  /** Whether it tells, after the end, that the memory limit was met. */
  readonly tellsOutOfMemory: boolean;
}

function imageOf(answer: ImageAnswer): Image {
  return {
    id: answer.Id,
    tags: (answer.RepoTags ?? []).filter((tag) => tag !== "<none>:<none>"),
    labels: answer.Config?.Labels ?? answer.Labels ?? {},
    // The list has seconds, the inspection a date.
    created: new Date(typeof answer.Created === "number" ? answer.Created * 1000 : answer.Created),
    size: answer.Size,
  };
}

const docker: Dialect = {
  image: imageOf,
  importLabels: (labels) => {
    const changes = Object.entries(labels).map(
      ([name, value]) => `LABEL ${JSON.stringify(name)}=${JSON.stringify(value)}`,
    );
    return changes.length > 0 ? { changes: changes.join("\n") } : {};
  },
  commitLabels: () => ({}),
  isImported: (status) => /^sha256:/.test(status),
  isPulled: (status) => /^(Status: |Digest: )/.test(status),
  creation: () => ({}),
  hostConfig: () => ({}),
  isNameTaken: ({ status }) => status === 409,
  isMountSourceMissing: ({ reason }) => /invalid mount config/.test(reason),
  isMountSourceMissingLater: () => false,
  idleStates: ["created", "exited", "dead"],
  makesVolumesFirst: false,
  readsFilesWhenAttached: false,
  tellsOutOfMemory: true,
};

/** Marks a label's value that could not be written as it is. */
const encoded = "base64:";

/**
 * Podman 4 ignores the body of a commit, and takes labels as lines of a Dockerfile, of which it understands
 * no quotes; Podman 5 understands them all. So a value with other characters than these is encoded.
 */
function labelLines(labels: Record<string, string>): { changes?: string[] } {
  const changes = Object.entries(labels).map(([name, value]) => {
    const isPlain = /^[\w.:/+-]*$/.test(value) && !value.startsWith(encoded);
    return `LABEL ${name}=${isPlain ? value : encoded + Buffer.from(value).toString("base64")}`;
  });
  return changes.length > 0 ? { changes } : {};
}

function decoded(value: string): string {
  return value.startsWith(encoded) ? Buffer.from(value.slice(encoded.length), "base64").toString() : value;
}

const podman: Dialect = {
  image: (answer) => {
    const image = imageOf(answer);
    return {
      ...image,
      id: imageId(image.id),
      // Names without a registry, as ours are, get one: localhost, or the one that it asks first.
      tags: image.tags.map((tag) => tag.replace(/^[^/]+\/(?=nix-voyager\/)/, "")),
      labels: Object.fromEntries(Object.entries(image.labels).map(([name, value]) => [name, decoded(value)])),
    };
  },
  importLabels: labelLines,
  commitLabels: labelLines,
  isImported: (status) => /^(sha256:)?[0-9a-f]{64}$/.test(status),
  // Said of each layer, too: who pulls looks afterwards whether the image is there.
  isPulled: (status) => /^(Status: |Digest: |Download complete|Pull complete)/.test(status),
  // It removes by force as it stops: by this signal, and ten seconds later by SIGKILL.
  creation: () => ({ StopSignal: "SIGKILL" }),
  // "default" would be a bridge, for which a user without root would need more than for what is the default.
  hostConfig: ({ network }) => (network ? { NetworkMode: "private" } : {}),
  isNameTaken: ({ status, reason }) => status === 409 || /\bname\b.* in use/.test(reason),
  // It takes what it may not look at for missing, and cannot make that either.
  isMountSourceMissing: ({ reason }) => /\bstatfs \/|making volume mountpoint/.test(reason),
  // It makes folders where its host lacks what is to be bound, and then stumbles over those that should be files.
  isMountSourceMissingLater: ({ reason }, { mounts }) => mounts.length > 0 && / for attach: /.test(reason),
  idleStates: ["created", "initialized", "exited"],
  makesVolumesFirst: true,
  readsFilesWhenAttached: true,
  tellsOutOfMemory: false,
};

/** How the engine speaks that names itself so in the header "Server" of its answers. */
export function dialectOf(server: string | undefined): Dialect {
  return server?.startsWith("Libpod/") ? podman : docker;
}
