/** Packs files into a tar stream, in constant memory. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { PassThrough, type Readable } from "node:stream";
import { create } from "tar";

/**
 * A tar stream of `paths` (relative to `folder`), uncompressed: on a local socket compression
 * costs more than it saves. Symlinks stay symlinks (unless `follow`), hard links hard links.
 */
export function pack(folder: string, paths: string[], follow = false): Readable {
  // One job: with more, node-tar 7.5 hangs or ends early where there are hard links, of which an
  // optimised store is full. It is as fast.
  const packed = create({ cwd: folder, portable: false, preservePaths: true, follow, jobs: 1 }, paths);
  const stream = new PassThrough({ highWaterMark: 1024 * 1024 });
  packed.on("error", (error: unknown) => stream.destroy(error as Error));
  packed.pipe(stream as unknown as Parameters<typeof packed.pipe>[0]);
  return stream;
}

/** Writes files below `folder`, making the folders between. */
export function writeFiles(
  folder: string,
  files: { path: string; content: string | Buffer; mode: number }[],
): void {
  for (const { path, content, mode } of files) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode });
  }
}
