/** Files that look like libraries to who reads their header and their strings, and nothing else. */

/** e_machine of the ELF header. */
export const machineNumbers = { x86_64: 62, i386: 3, aarch64: 183 } as const;

/** A header, and the strings of a library as its string table has them. */
export function fakeElf(strings: string[], machine: keyof typeof machineNumbers = "x86_64"): Buffer {
  const header = Buffer.alloc(64);
  header.write("\x7fELF", "latin1");
  header[4] = machine === "i386" ? 1 : 2;
  header[5] = 1;
  header[6] = 1;
  header.writeUInt16LE(3, 16);
  header.writeUInt16LE(machineNumbers[machine], 18);
  // Between header and strings is what is no text, as in a real one.
  const noise = Buffer.from(Array.from({ length: 256 }, (_, index) => 255 - index));
  return Buffer.concat([header, noise, Buffer.from(`\0${strings.join("\0")}\0`, "latin1"), noise]);
}
