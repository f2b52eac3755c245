/** Deliveries in folders of this machine: store paths, links to them, and whatever holds such. */
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { codeOf, messageOf, VoyagerError } from "../common/errors.ts";
import { largestRecord, recordFiles, type RecordReader } from "./delivery.ts";

/** Entries of folders that one search looks at before it gives up. */
const mostEntries = 2_000_000;
const deepest = 40;

const storePath = /^(.*\/[0-9a-z]{32}-[^/]+)(?:\/|$)/;
const storeName = /^[0-9a-z]{32}-/;

/** Whether a folder has records of ours: of what it links to, or at least of its environment. */
function hasRecords(folder: string): boolean {
  return Object.values(recordFiles).some((file) => existsSync(join(folder, file)));
}

/** Reads the record files of a folder. */
export function readerOf(folder: string): RecordReader {
  return async (file) => {
    let descriptor: number;
    try {
      // Without waiting for whoever might write into a pipe of that name.
      descriptor = openSync(join(folder, file), constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return null;
      throw error;
    }
    try {
      const status = fstatSync(descriptor);
      if (!status.isFile()) throw new Error("it is not a file");
      if (status.size > largestRecord) throw new Error(`it has ${status.size} bytes`);
      return readFileSync(descriptor, "utf8");
    } finally {
      closeSync(descriptor);
    }
  };
}

/**
 * The deliveries that a path leads to: itself, all that are found below it, where links into a store
 * are followed, or else what it is part of (a file in a store path). Empty when there are none.
 * Throws a `usage` error for a path that does not exist, or that is too much to search.
 */
export function searchPath(path: string): string[] {
  const real = realPath(path);
  const search = new Search(path);
  if (statSync(real).isDirectory()) search.visit(real, 0);
  const found = [...search.found].sort();
  return found.length > 0 ? found : enclosing(real);
}

/** A path with all links followed. Throws a `usage` error when it does not exist. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    throw new VoyagerError("usage", `there is no ${path}`, {
      why: messageOf(error),
      remedy: "name an output of a build, a file in one, or a folder of them",
    });
  }
}

/** The delivery that a file or folder is part of. */
function enclosing(path: string): string[] {
  for (let folder = path; folder !== dirname(folder); folder = dirname(folder)) {
    if (hasRecords(folder)) return [folder];
  }
  return [];
}

class Search {
  readonly found = new Set<string>();
  readonly #seen = new Set<string>();
  readonly #asked: string;
  #entries = 0;

  constructor(asked: string) {
    this.#asked = asked;
  }

  /** Looks into a folder, whose real path this is. */
  visit(folder: string, depth: number): void {
    if (this.#seen.has(folder)) return;
    this.#seen.add(folder);
    if (hasRecords(folder)) {
      this.found.add(folder);
      return;
    }
    if (depth > deepest) throw this.#tooMuch(`${folder} is more than ${deepest} folders deep`);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (++this.#entries > mostEntries) throw this.#tooMuch(`it has more than ${mostEntries} entries`);
      const path = join(folder, entry.name);
      if (entry.isSymbolicLink()) this.#follow(path, depth);
      else if (!entry.isDirectory()) continue;
      // In the store itself each path is looked at, and not into.
      else if (!storeName.test(entry.name)) this.visit(path, depth + 1);
      else if (hasRecords(path)) this.found.add(path);
    }
  }

  #follow(link: string, depth: number): void {
    let target: string;
    try {
      target = realpathSync(link);
    } catch (error) {
      if (codeOf(error) === "ENOENT" || codeOf(error) === "ELOOP") return; // leads nowhere
      throw error;
    }
    const whole = storePath.exec(target)?.[1];
    if (whole === undefined) return;
    if (hasRecords(whole)) this.found.add(whole);
    else if (statSync(target).isDirectory()) this.visit(target, depth + 1);
  }

  #tooMuch(why: string): VoyagerError {
    return new VoyagerError("usage", `${this.#asked} is too much to search`, {
      why,
      remedy: "name the store paths, or a folder that has less beside them",
    });
  }
}
