/**
 * File systems of the bench's own. On one that others delete from, what a copy takes depends on who has deleted
 * before: ext4 does not use an inode again for a minute or more, and passes such inodes one by one for each new
 * file. The engine deletes a container's files with the container, so each streamed run would slow whoever writes
 * next, itself included, by up to four times.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";

/** More than any figure writes; what is not written takes no space. */
const size = 32e9;
const mounted = [];

/**
 * Makes an empty ext4 in a file, and mounts it. Only root can.
 *
 * @param {string} temporary folder for both
 * @param {string} name of the figure
 * @returns {Promise<string>} the folder where it is mounted, until `removeDisks`
 */
export async function makeDisk(temporary, name) {
  const image = join(temporary, `${name}.ext4`);
  const folder = join(temporary, `${name}-disk`);
  mkdirSync(folder);
  await run(["truncate", "--size", String(size), image]);
  // Whole at once: what is put off would be done while something is measured.
  await run(["mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", image]);
  await run(["mount", "-o", "loop", image, folder]);
  mounted.push(folder);
  return folder;
}

/** Unmounts them all; their files go with the temporary folder. One that is busy goes when it no longer is. */
export async function removeDisks() {
  for (const folder of mounted.splice(0)) {
    await run(["umount", folder]).catch(() => run(["umount", "--lazy", folder]));
  }
}
