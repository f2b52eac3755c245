/** An engine in memory: it holds images, and containers whose programs the test plays. */
import { PassThrough, Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { VoyagerError } from "../src/common/errors.ts";
import {
  type ContainerRequest,
  type Engine,
  type ExecRequest,
  type IdleContainer,
  type Image,
  NameTaken,
  type OutputSink,
  type RunningContainer,
} from "../src/engine/engine.ts";
import { makeImageArchive, readImageArchive } from "./image-archives.ts";

interface Held {
  id: string;
  running: boolean;
  created: Date;
  labels?: Record<string, string>;
}

export class FakeEngine implements Engine {
  readonly address = "fake";
  readonly held = new Map<string, Image>();
  readonly present = new Map<string, Held>();
  readonly started: ContainerRequest[] = [];
  readonly pulled: string[] = [];
  readonly keptVolumes = new Map<string, Date>();
  /** Whether the end of what programs print gets lost. */
  losesOutput = false;
  /** What passes to and from each container. */
  bytes = 0;
  /** Names that the registry has. */
  registry: string[] = [];
  /** What programs in containers were given on their standard input. */
  readonly received: Buffer[] = [];
  /** Plays a program in a container; its status. */
  program: (request: ExecRequest, container: ContainerRequest) => Promise<number> | number = () => 0;
  #count = 0;

  /** Puts an image on the engine. One that had its tag stays, without it. */
  add(tag: string, image: Partial<Image> = {}): Image {
    const before = this.held.get(tag);
    if (before) this.held.set(before.id, { ...before, tags: [] });
    const whole = { id: `sha256:${++this.#count}`, tags: [tag], labels: {}, created: new Date(), size: 1e6 };
    this.held.set(tag, { ...whole, ...image });
    return this.held.get(tag) as Image;
  }

  /** The engine's clock. */
  now = () => new Date();

  async info() {
    return { name: "fake", version: "1", time: this.now(), dataFolder: null };
  }

  async image(reference: string): Promise<Image | null> {
    const byId = [...this.held.values()].find(({ id }) => id === reference);
    return this.held.get(reference) ?? byId ?? null;
  }

  async images(label: string): Promise<Image[]> {
    const [name = "", value] = label.split("=");
    return [...this.held.values()].filter(({ labels }) => labels[name] === value);
  }

  async pull(reference: string): Promise<void> {
    this.pulled.push(reference);
    if (!this.registry.includes(reference)) {
      throw new VoyagerError("engine", `pulling ${reference} failed`, { why: "no registry answers" });
    }
    this.add(reference);
  }

  async importImage(tar: NodeJS.ReadableStream, labels: Record<string, string>): Promise<string> {
    for await (const _chunk of tar);
    const id = `sha256:${++this.#count}`;
    return this.add(id, { id, tags: [], labels }).id;
  }

  async saveImages(names: string[]): Promise<Readable> {
    const images = names.map((name) => ({ ...(this.held.get(name) as Image), name }));
    return Readable.from([makeImageArchive(images)], { objectMode: false });
  }

  async loadImages(archive: Readable): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of archive) pieces.push(piece as Buffer);
    for (const { name, ...image } of readImageArchive(Buffer.concat(pieces))) this.add(name, image);
  }

  async tagImage(reference: string, tag: string): Promise<void> {
    const image = await this.image(reference);
    if (!image) return;
    if (image.tags.length === 0) this.held.delete(image.id);
    this.add(tag, { ...image, tags: [tag] });
  }

  async removeImage(reference: string): Promise<boolean> {
    for (const [tag, { id }] of this.held) if (tag === reference || id === reference) this.held.delete(tag);
    return true;
  }

  async start(request: ContainerRequest): Promise<RunningContainer> {
    const name = request.name ?? `unnamed-${++this.#count}`;
    if (this.present.has(name)) throw new NameTaken(name);
    this.present.set(name, { id: name, running: true, created: new Date(), labels: request.labels });
    this.started.push(request);
    for (const volume of request.volumes ?? []) this.keptVolumes.set(volume.name, new Date());
    return {
      id: name,
      lifeline: new PassThrough(),
      exit: new Promise(() => {}),
      whenEnded: () => new Promise(() => {}),
      exec: async (exec) => {
        if (exec.input) for await (const chunk of exec.input) this.received.push(Buffer.from(chunk));
        let printed = 0;
        const onOutput: OutputSink = (stream, data) => {
          if (stream === 1) printed += data.length;
          exec.onOutput(stream, data);
        };
        const status = await this.program({ ...exec, onOutput }, request);
        // What a shell would print at the end of a script whose output is read, see make.ts.
        const mark = /@@ nix-voyager: end/.exec(exec.command.at(-1) ?? "");
        if (mark && status === 0 && !this.losesOutput) {
          exec.onOutput(1, Buffer.from(`\n${mark[0]} ${printed}\n`));
        }
        return status;
      },
      commit: async ({ tag, labels }) => this.add(tag, { labels }).id,
      outOfMemory: async () => false,
      traffic: () => this.bytes,
      kill: async () => {
        this.present.delete(name);
      },
    };
  }

  async volumes(): Promise<{ name: string; created: Date }[]> {
    return [...this.keptVolumes].map(([name, created]) => ({ name, created }));
  }

  async removeVolume(name: string): Promise<boolean> {
    return this.keptVolumes.delete(name);
  }

  async whenEnded(name: string): Promise<void> {
    while (this.present.get(name)?.running) await sleep(5);
  }

  async containerState(name: string): Promise<Held | null> {
    return this.present.get(name) ?? null;
  }

  async containerSize(): Promise<number> {
    return 0;
  }

  async containers(): Promise<{ name: string; labels: Record<string, string> }[]> {
    return [...this.present.keys()].map((name) => ({ name, labels: {} }));
  }

  async idleContainers(label: string): Promise<IdleContainer[]> {
    return [...this.present.values()].flatMap(({ id, running, created, labels = {} }) =>
      running || !(label in labels) ? [] : [{ id, labels, since: created }],
    );
  }

  async unnamedImages(label: string): Promise<Image[]> {
    return [...this.held.values()].filter(({ tags, labels }) => tags.length === 0 && label in labels);
  }

  async whenGone(name: string, milliseconds: number): Promise<void> {
    const end = performance.now() + milliseconds;
    while (this.present.has(name) && performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  }

  async removeContainer(nameOrId: string): Promise<void> {
    for (const [name, { id }] of this.present) {
      if (name === nameOrId || id === nameOrId) this.present.delete(name);
    }
  }
}
