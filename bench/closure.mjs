/** A closure of 135 MB in 9,500 files: about what an unpacked compiler or a folder of npm packages is. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { willDelete } from "./nix.mjs";

const folders = 95;
const filesPerFolder = 100;
/** Most files are small, a few hold most of the bytes. */
const sizes = [4000, 4000, 4000, 4000, 55_000];
const words = "the of and to in is you that it he was for on are as with his they at be this have".split(" ");

/** Text that compresses about as well as source code does; the same each time. */
function textPool(bytes) {
  let state = 1;
  let text = "";
  while (text.length < bytes) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    text += state % 5 === 0 ? `${state.toString(36)} ` : `${words[state % words.length]} `;
  }
  return Buffer.from(text);
}

/** Writes the files below `folder`. */
function writeTree(folder) {
  const pool = textPool(1_000_000);
  for (let i = 0; i < folders; i++) {
    mkdirSync(join(folder, `folder${i}`), { recursive: true });
    for (let j = 0; j < filesPerFolder; j++) {
      const number = i * filesPerFolder + j;
      const start = (number * 97) % (pool.length - 60_000);
      writeFileSync(
        join(folder, `folder${i}`, `file${j}`),
        pool.subarray(start, start + sizes[number % sizes.length]),
      );
    }
  }
}

/**
 * Makes it and adds it to the store.
 *
 * @param {string} temporary folder for the time of making it
 * @returns {Promise<{ path: string, narSize: number }>}
 */
export async function makeClosure(temporary) {
  const folder = join(temporary, "bench-closure");
  writeTree(folder);
  const path = (await run(["nix-store", "--add", folder])).stdout.trim();
  willDelete(path);
  const narSize = Number((await run(["nix-store", "--query", "--size", path])).stdout.trim());
  return { path, narSize };
}
