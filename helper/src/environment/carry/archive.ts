/**
 * An archive of images, as `docker save` writes it: looked at while it passes, so its size does not matter.
 * What is in it is told by its own list, of which only the names and the ids are read.
 */
import { createHash } from "node:crypto";
import { posix } from "node:path";
import { messageOf } from "../../common/errors.ts";
import { type Body, type Entry, TarReader } from "../../transfer/tar-reader.ts";

/** An image by what it is and what it is called. */
export interface NamedImage {
  /** The digest of its configuration, which has the digests of its layers: two of one id are the same. */
  id: string;
  name: string;
}

/** What an archive is, seen from outside, and what it holds. */
export interface ArchiveFacts {
  size: number;
  sha256: string;
  images: NamedImage[];
}

/** Where the list of images is. */
const listFile = "manifest.json";
/** Bytes that a list may have: one of two images has a few thousand. */
const longestList = 1024 * 1024;
/** Docker calls a configuration ID.json; from 25 on it lies where an OCI image has it. */
const configuration = /^(?:blobs\/sha256\/)?([0-9a-f]+)(?:\.json)?$/;

/** Takes an archive piece by piece. */
export class ArchiveInspector {
  readonly #hash = createHash("sha256");
  #size = 0;
  readonly #list: Buffer[] = [];
  #lists = 0;
  readonly #reader = new TarReader((entry) => this.#onEntry(entry));

  /** Takes the next piece. Throws when this is no tar archive. */
  write(data: Buffer): void {
    this.#hash.update(data);
    this.#size += data.length;
    this.#reader.write(data);
  }

  /** What has passed. Throws when that was not the whole of an archive of images. */
  finish(): ArchiveFacts {
    if (!this.#reader.isComplete) throw new Error(`it ends before its end, ${this.#reader.place}`);
    if (this.#lists !== 1) throw new Error(`it has ${this.#lists} files ${listFile}, not one`);
    return { size: this.#size, sha256: this.#hash.digest("hex"), images: this.#images() };
  }

  #onEntry({ path, type, size }: Entry): Body | null {
    const name = path.toString();
    if (posix.basename(name) !== listFile) return null;
    // By another spelling, or a link, an engine may take it for the list.
    if (name !== listFile) throw new Error(`it has a second ${listFile}, ${name}`);
    if (type !== "File" || size > longestList) throw new Error(`its ${listFile} is no list of images`);
    this.#lists++;
    return { write: (data) => this.#list.push(Buffer.from(data)), end: () => {} };
  }

  #images(): NamedImage[] {
    try {
      const list = JSON.parse(Buffer.concat(this.#list).toString()) as {
        Config: string;
        RepoTags: string[] | null;
      }[];
      return list.flatMap(({ Config, RepoTags }) => {
        const id = configuration.exec(Config)?.[1];
        if (id === undefined) throw new Error(`${Config} is no configuration of an image`);
        return (RepoTags ?? []).map((name) => ({ id: `sha256:${id}`, name }));
      });
    } catch (error) {
      throw new Error(`its ${listFile} is no list of images: ${messageOf(error)}`);
    }
  }
}

/** Whether an archive holds just these images, each by its name and no other: what it names, the engine takes over. */
export function holdsJust(archive: ArchiveFacts, images: NamedImage[]): boolean {
  // Podman puts the name of a registry before each.
  const isNamed = (own: NamedImage, image: NamedImage) =>
    own.id === image.id && (own.name === image.name || own.name.endsWith(`/${image.name}`));
  return (
    archive.images.length === images.length &&
    images.every((image) => archive.images.some((own) => isNamed(own, image)))
  );
}

/** Images as a message has them. */
export function describe(images: NamedImage[]): string {
  return images.map(({ name, id }) => `${name} (${id.slice(0, 19)})`).join(", ") || "nothing";
}

/** Bytes for people. */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}
