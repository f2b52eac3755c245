/** Archives of images in the form of Docker's, with configurations that hold nothing but labels. */
import { TarReader } from "../src/transfer/tar-reader.ts";
import { rawEntry } from "./tars.ts";

/** An image of an archive. */
export interface ArchivedImage {
  id: string;
  name: string;
  labels: Record<string, string>;
}

const hexOf = (id: string) => id.slice("sha256:".length);

/** @param list instead of the right one */
export function makeImageArchive(images: ArchivedImage[], list?: unknown): Buffer {
  const entries = images.map(({ id, name }) => ({
    Config: `${hexOf(id)}.json`,
    RepoTags: [name],
    Layers: [],
  }));
  return Buffer.concat([
    ...images.map(({ id, labels }) => rawEntry({ name: `${hexOf(id)}.json` }, JSON.stringify(labels))),
    rawEntry({ name: "layer", type: "5" }),
    rawEntry({ name: "layer/layer.tar" }, Buffer.alloc(100_000, "layer")),
    rawEntry({ name: "manifest.json" }, JSON.stringify(list ?? entries)),
    Buffer.alloc(1024),
  ]);
}

export function readImageArchive(archive: Buffer): ArchivedImage[] {
  const files: Record<string, Buffer[]> = {};
  const reader = new TarReader(({ path }) => {
    const pieces: Buffer[] = [];
    files[path.toString()] = pieces;
    return { write: (data) => pieces.push(Buffer.from(data)), end: () => {} };
  });
  reader.write(archive);
  const json = (file: string): unknown => JSON.parse(Buffer.concat(files[file] ?? []).toString());
  const list = json("manifest.json") as { Config: string; RepoTags: string[] }[];
  return list.flatMap(({ Config, RepoTags }) =>
    RepoTags.map((name) => ({
      id: `sha256:${Config.replace(".json", "")}`,
      name,
      labels: json(Config) as Record<string, string>,
    })),
  );
}
