/**
 * What nix-voyager needs of an engine: kept narrow, so that Podman or a virtual machine can take
 * Docker's place. Nothing here knows of packages, specs or Nix.
 */
import type { Readable, Writable } from "node:stream";

/** A bind mount: a path of the engine's host that the container sees. */
export interface Mount {
  source: string;
  target: string;
  readOnly: boolean;
}

/** A volume: a folder that the engine keeps from one container to the next; made when it is first asked for. */
export interface Volume {
  name: string;
  /** Where the container sees it, to read and write. */
  target: string;
  labels: Record<string, string>;
}

/** Limits of a container; null means none. */
export interface Limits {
  /** Bytes. */
  memory: number | null;
  /** Processor cores. */
  cpus: number | null;
  /** Processes and threads. */
  pids: number | null;
}

/** A container to be started. Its process 1 gets an open standard input: the lifeline. */
export interface ContainerRequest {
  /** Unique name, null for one of the engine's choice. A name that is taken is `NameTaken`. */
  name: string | null;
  image: string;
  command: string[];
  env: Record<string, string>;
  /** "uid:gid". */
  user: string;
  workingDirectory: string;
  mounts: Mount[];
  volumes?: Volume[];
  labels: Record<string, string>;
  /** Without one it has the loopback only, and its /etc/hosts is empty. */
  network: boolean;
  /** Keeps the engine's default capabilities, as package managers need them; otherwise none. */
  privilegesOfPackageManager: boolean;
  limits: Limits;
  /** What process 1 finds on its standard input when it starts. */
  firstInput?: string;
  /** A tar archive that is unpacked at / before process 1 starts: owners and modes are what it says. */
  files?: Buffer;
  onOutput: OutputSink;
  /** Told what of the request is not as it should be, though the container runs. */
  onWarning?: (text: string) => void;
}

/**
 * Receives output as it comes; `stream` is 1 (standard output) or 2 (standard error). One that returns a promise
 * gets no more before that has resolved.
 */
export type OutputSink = (stream: 1 | 2, data: Buffer) => void | Promise<void>;

/** A program run beside process 1. */
export interface ExecRequest {
  command: string[];
  env: Record<string, string>;
  user: string;
  workingDirectory: string;
  /** Sent to standard input, which is closed after it; null: empty. */
  input: Readable | null;
  onOutput: OutputSink;
}

/** A started container. It ends, and is removed, when `lifeline` ends or this process does. */
export interface RunningContainer {
  readonly id: string;
  /** Standard input of process 1. */
  readonly lifeline: Writable;
  /** Status of process 1, once all its output has been delivered. */
  readonly exit: Promise<number>;
  /**
   * Resolves when no process of the container is left and all output has been delivered: earlier than
   * `exit`, before which the engine tidies up. Rejects as that does. To be called before the end is near.
   */
  whenEnded(): Promise<void>;
  /** Runs a program and resolves with its status once all its output has been delivered. */
  exec(request: ExecRequest): Promise<number>;
  /** Makes an image of the container's file system. Resolves with the image's id. */
  commit(image: { tag: string; labels: Record<string, string> }): Promise<string>;
  /** Whether the memory limit ended a process of the container. Works after its end, too. */
  outOfMemory(): Promise<boolean>;
  /** Bytes that have come from it and gone to it so far: while there are more each time, it is not stuck. */
  traffic(): number;
  /** Ends it at once, whatever it does. Succeeds when it has ended already. */
  kill(): Promise<void>;
}

/** An image that the engine holds. */
export interface Image {
  id: string;
  tags: string[];
  labels: Record<string, string>;
  created: Date;
  /** Bytes, including shared layers. */
  size: number;
}

/** A container that does not run, of those that `start` has made. */
export interface IdleContainer {
  id: string;
  labels: Record<string, string>;
  /** When it ended, or was made if it never ran: by the engine's clock. */
  since: Date;
}

/** What the engine says of itself. */
export interface EngineInfo {
  name: string;
  version: string;
  /** Its clock when it answered. */
  time: Date | null;
  /** Where it keeps images, as its own host names it. */
  dataFolder: string | null;
}

/** A container as others see it. */
export interface ContainerState {
  id: string;
  running: boolean;
  created: Date;
}

/** Thrown by `start` when the container's name is in use. */
export class NameTaken extends Error {
  /** @param holder who has it, null when it is free again; undefined: not known */
  constructor(
    message: string,
    readonly holder?: ContainerState | null,
  ) {
    super(message);
  }
}

/** Thrown by `start` when the engine's host does not have a mount's source. */
export class MountSourceMissing extends Error {}

/** Thrown by `start` when the engine no longer holds the image. */
export class ImageMissing extends Error {}

/** Runs environments. All its failures are VoyagerErrors of kind `engine` or `engine-unavailable`. */
export interface Engine {
  /** Where it was found, for messages. */
  readonly address: string;
  info(): Promise<EngineInfo>;
  /** The image with this tag, digest or id; null when the engine does not hold it. */
  image(reference: string): Promise<Image | null>;
  /** Images that carry the label. */
  images(label: string): Promise<Image[]>;
  /** Fetches an image from the registry of its name; an error says why it could not. */
  pull(reference: string): Promise<void>;
  /** Makes an image of one layer, without a name, from a tar stream. Resolves with the image's id. */
  importImage(tar: Readable, labels: Record<string, string>): Promise<string>;
  /** An archive of images with these names, as `loadImages` takes it: a tar stream, which fails if not all comes. */
  saveImages(names: string[]): Promise<Readable>;
  /** Takes over all images of an archive, with their names, which other images may have had. */
  loadImages(archive: Readable): Promise<void>;
  /** Gives an image another name, which another image may have had. */
  tagImage(reference: string, tag: string): Promise<void>;
  /** Removes an image; false when something still uses it. */
  removeImage(reference: string): Promise<boolean>;
  start(request: ContainerRequest): Promise<RunningContainer>;
  /** Volumes that carry the label: their names, and when they were made. */
  volumes(label: string): Promise<{ name: string; created: Date }[]>;
  /** Removes a volume; false when a container uses it. */
  removeVolume(name: string): Promise<boolean>;
  /** Resolves when the container with this name runs no longer, or there is none; one that never started does not run. */
  whenEnded(name: string): Promise<void>;
  /** State of the container with this name, null when there is none. */
  containerState(name: string): Promise<ContainerState | null>;
  /** Bytes that a container has written to its own layer. */
  containerSize(nameOrId: string): Promise<number>;
  /** Containers that carry the label, running or not, with all their labels. */
  containers(label: string): Promise<{ name: string; labels: Record<string, string> }[]>;
  /** Containers of ours that carry the label and do not run: never started, or not removed after their end. */
  idleContainers(label: string): Promise<IdleContainer[]>;
  /**
   * Images that carry the label, have no name and no image made from them. Only those that `commit` or
   * `importImage` made: an image that somebody else made from one of ours has its labels, too.
   */
  unnamedImages(label: string): Promise<Image[]>;
  /** Resolves when there is no container of this name, or after this many milliseconds. */
  whenGone(name: string, milliseconds: number): Promise<void>;
  /** Removes a container by force; succeeds when there is none. */
  removeContainer(nameOrId: string): Promise<void>;
}
