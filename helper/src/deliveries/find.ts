/** The deliveries that the arguments of a command name, wherever they are. */
import { type Delivery, openDelivery, type RecordReader, recordFiles } from "./delivery.ts";
import { readerOf, realPath, searchPath } from "./folders.ts";
import { allPathsOf, closureOf, isStoreUrl, storeReader } from "./stores.ts";

export interface Places {
  /** Store paths, links to them, folders that hold such, and addresses of stores. */
  paths: string[];
  /** Whether all that they need at run time is looked at, too. */
  closure: boolean;
  /** Address of the store that the paths are in; undefined: this machine. */
  store?: string | undefined;
}

export interface Found {
  /** In order of path, each once. */
  deliveries: Delivery[];
  /** Number of other paths, of closures and whole stores, which have no record of ours. */
  without: number;
}

/** Processes of Nix that read a store at the same time. */
const readers = 4;

/**
 * Finds deliveries and reads their reports. A path that was named and leads to no report is a
 * delivery without one: unknown, never fine. Throws a `usage` error for what does not exist.
 */
export async function findDeliveries({ paths, closure, store }: Places): Promise<Found> {
  const local = paths.filter((path) => !isStoreUrl(path));
  const parts: Found[] = [];
  for (const url of paths.filter(isStoreUrl)) {
    parts.push(await openRecorded(await allPathsOf(url), (path) => storeReader(url, path)));
  }
  if (store !== undefined) parts.push(await inStore(store, local, closure));
  else if (closure && local.length > 0) {
    parts.push(await openRecorded(await closureOf(local.map(realPath), null), readerOf));
  } else for (const path of local) parts.push(await inFolder(path));
  const distinct = new Map(parts.flatMap((part) => part.deliveries).map((one) => [one.path, one]));
  const compare = (a: Delivery, b: Delivery) => (a.path < b.path ? -1 : 1);
  return {
    deliveries: [...distinct.values()].sort(compare),
    without: parts.reduce((sum, part) => sum + part.without, 0),
  };
}

async function inFolder(path: string): Promise<Found> {
  const found = searchPath(path);
  const folders = found.length > 0 ? found : [realPath(path)];
  const deliveries: Delivery[] = [];
  for (const folder of folders) deliveries.push(await openDelivery(folder, readerOf(folder)));
  return { deliveries, without: 0 };
}

async function inStore(store: string, paths: string[], closure: boolean): Promise<Found> {
  const reader = (path: string) => storeReader(store, path);
  if (paths.length === 0) return openRecorded(await allPathsOf(store), reader);
  if (closure) return openRecorded(await closureOf(paths, store), reader);
  const deliveries = await inParallel(paths, (path) => openDelivery(path, reader(path)));
  return { deliveries, without: 0 };
}

/** Of many paths those that have records of ours. */
async function openRecorded(paths: string[], reader: (path: string) => RecordReader): Promise<Found> {
  const opened = await inParallel(paths, async (path) => {
    const delivery = await openDelivery(path, reader(path));
    if (delivery.report !== null || delivery.problem !== null) return delivery;
    return (await delivery.read(recordFiles.environment)) === null ? null : delivery;
  });
  const deliveries = opened.filter((one) => one !== null);
  return { deliveries, without: opened.length - deliveries.length };
}

async function inParallel<T, U>(items: T[], action: (item: T) => Promise<U>): Promise<U[]> {
  const results: U[] = [];
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < items.length; index = next++) {
      results[index] = await action(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(readers, items.length) }, worker));
  return results;
}
