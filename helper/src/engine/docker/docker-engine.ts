/** The Docker implementation of `Engine`. API 1.41 (Docker 20.10) is the oldest that is tested. */
import { type Duplex, Readable } from "node:stream";
import {
  type ContainerRequest,
  type Engine,
  type EngineInfo,
  type Image,
  ImageMissing,
  type RunningContainer,
} from "../engine.ts";
import { Connection, EngineRefusal, type Request, type RequestObserver } from "./connection.ts";
import { DockerContainer, removeContainer } from "./container.ts";
import { createBody } from "./create-body.ts";
import { type Dialect, dialectOf, type ImageAnswer, isGone } from "./dialect.ts";
import { explain } from "./explain.ts";
import { followProgress } from "./progress.ts";

export class DockerEngine implements Engine {
  readonly #connection: Connection;

  /** @param address "unix:///path" or "tcp://host:port" */
  constructor(
    readonly address: string,
    observe?: RequestObserver,
  ) {
    this.#connection = new Connection(address, observe);
  }

  /** How it speaks, as far as it has answered yet: an image is looked for before anything else. */
  get #dialect(): Dialect {
    return dialectOf(this.#connection.server);
  }

  async info(): Promise<EngineInfo> {
    const info = (await this.#json("asking the engine about itself", {
      method: "GET",
      path: "/info",
    })) as { Name?: string; ServerVersion?: string; SystemTime?: string; DockerRootDir?: string };
    return {
      name: info.Name ?? "unnamed",
      version: info.ServerVersion ?? "unknown",
      time: info.SystemTime ? new Date(info.SystemTime) : null,
      dataFolder: info.DockerRootDir ?? null,
    };
  }

  async image(reference: string): Promise<Image | null> {
    try {
      const answer = await this.#connection.json({ method: "GET", path: `/images/${reference}/json` });
      return this.#dialect.image(answer as ImageAnswer);
    } catch (error) {
      if (error instanceof EngineRefusal && error.status === 404) return null;
      throw explain(`inspecting image ${reference}`, error);
    }
  }

  async images(label: string): Promise<Image[]> {
    const answers = (await this.#json("listing images", {
      method: "GET",
      path: "/images/json",
      query: { filters: JSON.stringify({ label: [label] }) },
    })) as ImageAnswer[];
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
      },
      ({ status }) => this.#dialect.isPulled(status ?? ""),
    );
  }

  async importImage(tar: Readable, tag: string, labels: Record<string, string>): Promise<void> {
    const separator = tag.lastIndexOf(":");
    const name = { repo: tag.slice(0, separator), tag: tag.slice(separator + 1) };
    await this.#progress(
      `importing ${tag}`,
      {
        method: "POST",
        path: "/images/create",
        query: { fromSrc: "-", ...this.#dialect.importAs(name, labels) },
        stream: tar,
      },
      ({ status }) => this.#dialect.isImported(status ?? ""),
    );
  }

  async tagImage(reference: string, tag: string): Promise<void> {
    const separator = tag.lastIndexOf(":");
    await this.#json(`naming image ${tag}`, {
      method: "POST",
      path: `/images/${reference}/tag`,
      query: { repo: tag.slice(0, separator), tag: tag.slice(separator + 1) },
    });
  }

  async removeImage(reference: string): Promise<boolean> {
    try {
      await this.#connection.json({ method: "DELETE", path: `/images/${reference}` });
      return true;
    } catch (error) {
      if (error instanceof EngineRefusal && error.status === 404) return true;
      if (error instanceof EngineRefusal && error.status === 409) return false;
      throw explain(`removing image ${reference}`, error);
    }
  }

  async start(request: ContainerRequest): Promise<RunningContainer> {
    const id = await this.#create(request);
    let attached: Duplex | undefined;
    try {
      const putFiles = async () => request.files && this.#putFiles(id, request.files);
      if (this.#dialect.readsFilesWhenAttached) await putFiles();
      // Both must be there before the start: a wait that comes later may miss the end, and output
      // that comes earlier is lost (it is kept nowhere).
      const [stream, waiting] = await Promise.all([
        this.#connection.hijack({
          method: "POST",
          path: `/containers/${id}/attach`,
          // No keys end it: Podman would look for them in what is no keyboard's, too.
          query: { stream: true, stdin: true, stdout: true, stderr: true, detachKeys: "" },
        }),
        this.#connection.open({
          method: "POST",
          path: `/containers/${id}/wait`,
          query: { condition: "next-exit" },
        }),
        this.#dialect.readsFilesWhenAttached ? null : putFiles(),
        this.#warn(request),
      ]);
      attached = stream;
      const startedAt = Date.now();
      const container = new DockerContainer(
        this.#connection,
        id,
        stream,
        waiting,
        request.onOutput,
        startedAt,
      );
      if (request.firstInput) stream.write(request.firstInput);
      await this.#connection.json({ method: "POST", path: `/containers/${id}/start` });
      return container;
    } catch (error) {
      attached?.destroy();
      await removeContainer(this.#connection, id).catch(() => {});
      const known = error instanceof EngineRefusal ? this.#dialect.notPrepared(error, request) : null;
      throw known ?? explain("starting a container", error);
    }
  }

  async #putFiles(id: string, files: Buffer): Promise<void> {
    await this.#connection.json({
      method: "PUT",
      path: `/containers/${id}/archive`,
      query: { path: "/", noOverwriteDirNonDir: true },
      stream: Readable.from([files]),
    });
  }

  async #create(request: ContainerRequest): Promise<string> {
    try {
      if (this.#dialect.makesVolumesFirst) await this.#makeVolumes(request);
      const answer = (await this.#connection.json({
        method: "POST",
        path: "/containers/create",
        query: request.name ? { name: request.name } : {},
        body: createBody(request, this.#dialect),
      })) as { Id: string };
      return answer.Id;
    } catch (error) {
      if (error instanceof EngineRefusal) {
        if (error.status === 404) throw new ImageMissing(error.reason);
        const known = this.#dialect.notCreated(error);
        if (known) throw known;
      }
      throw explain("creating a container", error);
    }
  }

  /** Tells that limits are not kept: an engine without root takes them, and has nothing to keep them with. */
  async #warn({ limits, onWarning }: ContainerRequest): Promise<void> {
    if (limits.memory === null && limits.cpus === null) return;
    const asked = this.#connection.json({ method: "GET", path: "/info" });
    const info = (await asked.catch(() => null)) as Record<string, unknown> | null;
    const isWithout = info?.CgroupDriver === "none" || (info?.Rootless && info.CgroupVersion === "1");
    if (isWithout) onWarning?.("limits are not kept: an engine without root needs cgroups v2 for them");
  }

  async #makeVolumes({ volumes = [] }: ContainerRequest): Promise<void> {
    for (const { name, labels } of volumes) {
      const body = { Name: name, Labels: labels };
      await this.#connection.json({ method: "POST", path: "/volumes/create", body });
    }
  }

  async volumes(label: string): Promise<{ name: string; created: Date }[]> {
    const answer = (await this.#json("listing volumes", {
      method: "GET",
      path: "/volumes",
      query: { filters: JSON.stringify({ label: [label] }) },
    })) as { Volumes: { Name: string; CreatedAt: string }[] | null };
    return (answer.Volumes ?? []).map(({ Name, CreatedAt }) => ({
      name: Name,
      created: new Date(CreatedAt),
    }));
  }

  async removeVolume(name: string): Promise<boolean> {
    try {
      await this.#connection.json({ method: "DELETE", path: `/volumes/${encodeURIComponent(name)}` });
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
      });
    } catch (error) {
      if (isGone(error)) return;
      throw explain(`waiting for container ${name}`, error);
    }
  }

  async containerState(name: string) {
    try {
      const answer = (await this.#connection.json({
        method: "GET",
        path: `/containers/${encodeURIComponent(name)}/json`,
      })) as { Id: string; Created: string; State: { Running: boolean } };
      return { id: answer.Id, running: answer.State.Running, created: new Date(answer.Created) };
    } catch (error) {
      if (isGone(error)) return null;
      throw explain(`inspecting container ${name}`, error);
    }
  }

  async containerSize(nameOrId: string): Promise<number> {
    const answer = (await this.#json("asking what a container has written", {
      method: "GET",
      path: `/containers/${encodeURIComponent(nameOrId)}/json`,
      query: { size: true },
    })) as { SizeRw?: number };
    return answer.SizeRw ?? 0;
  }

  async containers(label: string): Promise<{ name: string; labels: Record<string, string> }[]> {
    const answers = (await this.#json("listing containers", {
      method: "GET",
      path: "/containers/json",
      query: { all: true, filters: JSON.stringify({ label: [label] }) },
    })) as { Names: string[] | null; Labels?: Record<string, string> | null }[];
    return answers.flatMap(({ Names, Labels }) =>
      (Names ?? []).map((name) => ({ name: name.replace(/^\//, ""), labels: Labels ?? {} })),
    );
  }

  async containerNames(label: string): Promise<string[]> {
    return (await this.containers(label)).map(({ name }) => name);
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

  async #json(doing: string, request: Request): Promise<unknown> {
    try {
      return await this.#connection.json(request);
    } catch (error) {
      throw explain(doing, error);
    }
  }

  async #progress(
    doing: string,
    request: Request,
    isFinal: (message: { status?: string }) => boolean,
  ): Promise<void> {
    try {
      await followProgress(await this.#connection.open(request), isFinal);
    } catch (error) {
      throw explain(doing, error);
    }
  }
}
