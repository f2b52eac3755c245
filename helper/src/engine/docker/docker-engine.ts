/** The Docker implementation of `Engine`. API 1.41 (Docker 20.10) is the oldest that is tested. */
import { Readable } from "node:stream";
import * as v from "valibot";
import type {
  ContainerRequest,
  ContainerState,
  Engine,
  EngineInfo,
  IdleContainer,
  Image,
  RunningContainer,
} from "../engine.ts";
import { containerList, containerSize, imageAnswer, infoAnswer, volumeList } from "./answers.ts";
import { Connection, EngineRefusal, type Request, type RequestObserver } from "./connection.ts";
import { imageComment, removeContainer } from "./container.ts";
import { type Dialect, dialectOf, imageId, isGone, isImageGone } from "./dialect.ts";
import { explain } from "./explain.ts";
import { inspectContainer, inspectImage } from "./inspect.ts";
import { idleContainers, unnamedImages } from "./left.ts";
import { followProgress, type ProgressMessage } from "./progress.ts";
import { startContainer } from "./start-container.ts";

export class DockerEngine implements Engine {
  readonly #connection: Connection;

  /**
   * @param address "unix:///path" or "tcp://host:port"
   * @param answerTimeout milliseconds in which it must answer what it can answer at once
   */
  constructor(
    readonly address: string,
    observe?: RequestObserver,
    answerTimeout?: number,
  ) {
    this.#connection = new Connection(address, observe, answerTimeout);
  }

  /** How it speaks, as far as it has answered yet: an image is looked for before anything else. */
  get #dialect(): Dialect {
    return dialectOf(this.#connection.server);
  }

  async info(): Promise<EngineInfo> {
    const request: Request = { method: "GET", path: "/info" };
    const info = await this.#answer("asking the engine about itself", request, infoAnswer);
    return {
      name: info.Name ?? "unnamed",
      version: info.ServerVersion ?? "unknown",
      time: info.SystemTime ? new Date(info.SystemTime) : null,
      dataFolder: info.DockerRootDir ?? null,
    };
  }

  async image(reference: string): Promise<Image | null> {
    const answer = await inspectImage(this.#connection, reference);
    return answer && this.#dialect.image(answer);
  }

  async images(label: string): Promise<Image[]> {
    const query = { filters: JSON.stringify({ label: [label] }) };
    const request: Request = { method: "GET", path: "/images/json", query };
    const answers = await this.#answer("listing images", request, v.array(imageAnswer));
    return answers.map((answer) => this.#dialect.image(answer));
  }

  async pull(reference: string): Promise<void> {
    // A digest has a colon, too, and says all that a tag would.
    const [, name, tag] = reference.includes("@") ? [] : (/^(.*?)(?::([^:/@]+))?$/.exec(reference) ?? []);
    await this.#progress(
      `pulling ${reference}`,
      {
        method: "POST",
        path: "/images/create",
        query: { fromImage: name ?? reference, tag: tag ?? (reference.includes("@") ? "" : "latest") },
        lasts: true,
      },
      ({ status = "" }) => this.#dialect.isPulled(status),
    );
  }

  async importImage(tar: Readable, labels: Record<string, string>): Promise<string> {
    let id = "";
    await this.#progress(
      "importing an image",
      {
        method: "POST",
        path: "/images/create",
        query: { fromSrc: "-", message: imageComment, ...this.#dialect.importLabels(labels) },
        stream: tar,
        lasts: true,
      },
      ({ status = "" }) => {
        if (this.#dialect.isImported(status)) id = imageId(status);
        return id !== "";
      },
    );
    return id;
  }

  async saveImages(names: string[]): Promise<Readable> {
    const doing = `saving ${names.join(" and ")}`;
    const request: Request = { method: "GET", path: "/images/get", query: { names }, lasts: true };
    try {
      return Readable.from(explained(await this.#connection.open(request), doing), { objectMode: false });
    } catch (error) {
      throw explain(doing, error);
    }
  }

  loadImages(archive: Readable): Promise<void> {
    const query = { quiet: true };
    return this.#progress(
      "loading images",
      { method: "POST", path: "/images/load", query, stream: archive, lasts: true },
      ({ stream = "" }) => stream.startsWith("Loaded image"),
    );
  }

  async tagImage(reference: string, tag: string): Promise<void> {
    const separator = tag.lastIndexOf(":");
    const query = { repo: tag.slice(0, separator), tag: tag.slice(separator + 1) };
    try {
      await this.#connection.done({ method: "POST", path: `/images/${reference}/tag`, query }, 201);
    } catch (error) {
      throw explain(`naming image ${tag}`, error);
    }
  }

  async removeImage(reference: string): Promise<boolean> {
    try {
      // A large one takes its time.
      const request: Request = { method: "DELETE", path: `/images/${reference}`, lasts: true };
      await this.#connection.answer(request, v.array(v.unknown()));
      return true;
    } catch (error) {
      if (isImageGone(error)) return true;
      if (error instanceof EngineRefusal && error.status === 409) return false;
      throw explain(`removing image ${reference}`, error);
    }
  }

  start(request: ContainerRequest): Promise<RunningContainer> {
    return startContainer(this.#connection, request);
  }

  async volumes(label: string): Promise<{ name: string; created: Date }[]> {
    const query = { filters: JSON.stringify({ label: [label] }) };
    const request: Request = { method: "GET", path: "/volumes", query };
    const answer = await this.#answer("listing volumes", request, volumeList);
    return (answer.Volumes ?? []).map(({ Name, CreatedAt }) => ({
      name: Name,
      created: new Date(CreatedAt),
    }));
  }

  async removeVolume(name: string): Promise<boolean> {
    try {
      const path = `/volumes/${encodeURIComponent(name)}`;
      await this.#connection.done({ method: "DELETE", path, lasts: true }, 204);
      return true;
    } catch (error) {
      if (error instanceof EngineRefusal && error.status === 404) return true;
      if (error instanceof EngineRefusal && error.status === 409) return false;
      throw explain(`removing volume ${name}`, error);
    }
  }

  async whenEnded(name: string): Promise<void> {
    try {
      await this.#connection.json({
        method: "POST",
        path: `/containers/${encodeURIComponent(name)}/wait`,
        query: { condition: "not-running" },
        lasts: true,
      });
    } catch (error) {
      if (isGone(error)) return;
      throw explain(`waiting for container ${name}`, error);
    }
  }

  async containerState(name: string): Promise<ContainerState | null> {
    const answer = await inspectContainer(this.#connection, name);
    return answer && { id: answer.Id, running: answer.State.Running, created: new Date(answer.Created) };
  }

  async containerSize(nameOrId: string): Promise<number> {
    const path = `/containers/${encodeURIComponent(nameOrId)}/json`;
    const request: Request = { method: "GET", path, query: { size: true } };
    return (await this.#answer("asking what a container has written", request, containerSize)).SizeRw;
  }

  async containers(label: string): Promise<{ name: string; labels: Record<string, string> }[]> {
    const query = { all: true, filters: JSON.stringify({ label: [label] }) };
    const request: Request = { method: "GET", path: "/containers/json", query };
    const answers = await this.#answer("listing containers", request, containerList);
    return answers.flatMap(({ Names, Labels }) =>
      (Names ?? []).map((name) => ({ name: name.replace(/^\//, ""), labels: Labels ?? {} })),
    );
  }

  idleContainers(label: string): Promise<IdleContainer[]> {
    return idleContainers(this.#connection, label);
  }

  unnamedImages(label: string): Promise<Image[]> {
    return unnamedImages(this.#connection, label);
  }

  async whenGone(name: string, milliseconds: number): Promise<void> {
    try {
      const answer = await this.#connection.open({
        method: "POST",
        path: `/containers/${encodeURIComponent(name)}/wait`,
        query: { condition: "removed" },
      });
      const timer = setTimeout(() => answer.destroy(), milliseconds);
      // An engine that goes away ends the wait, too; whoever asks it next will be told.
      answer.on("error", () => {});
      await new Promise((resolve) => answer.once("close", resolve).resume());
      clearTimeout(timer);
    } catch (error) {
      if (isGone(error)) return;
      throw explain(`waiting for the end of container ${name}`, error);
    }
  }

  async removeContainer(nameOrId: string): Promise<void> {
    try {
      await removeContainer(this.#connection, nameOrId);
    } catch (error) {
      throw explain(`removing container ${nameOrId}`, error);
    }
  }

  async #answer<T extends v.GenericSchema>(
    doing: string,
    request: Request,
    schema: T,
  ): Promise<v.InferOutput<T>> {
    try {
      return await this.#connection.answer(request, schema);
    } catch (error) {
      throw explain(doing, error);
    }
  }

  async #progress(
    doing: string,
    request: Request,
    isFinal: (message: ProgressMessage) => boolean,
  ): Promise<void> {
    try {
      await followProgress(await this.#connection.open(request), isFinal);
    } catch (error) {
      throw explain(doing, error);
    }
  }
}

/** The stream, whose failure is the error that `Engine` promises. */
async function* explained(stream: Readable, doing: string): AsyncGenerator<Buffer> {
  try {
    yield* stream;
  } catch (error) {
    throw explain(doing, error);
  }
}
