import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { isElf, readElf } from "./elf.ts";

/** What another reader says of the same file. */
function neededByObjdump(file: string): string[] {
  const text = execFileSync("objdump", ["-p", file], { encoding: "utf8" });
  return [...text.matchAll(/NEEDED\s+(\S+)/g)].map((match) => match[1] ?? "");
}

test.each(["/bin/bash", "/usr/bin/perl", process.execPath])("%s needs what objdump says", (file) => {
  const linkage = readElf(readFileSync(file));
  expect(linkage.needed).toEqual(neededByObjdump(file));
  expect(linkage).toMatchObject({ class: 64, machine: 62, soname: null });
  expect(linkage.interpreter).toMatch(/ld-linux/);
});

test("a library has a name and no interpreter", () => {
  const linkage = readElf(readFileSync("/lib/x86_64-linux-gnu/libz.so.1"));
  expect(linkage).toMatchObject({ soname: "libz.so.1", interpreter: null, needed: ["libc.so.6"] });
});

test("what is no ELF file is not taken for one", () => {
  expect(isElf(Buffer.from("#!/bin/sh\necho not an ELF file"))).toBe(false);
});

test("a file cut anywhere is an error, never a wrong answer", () => {
  const whole = readFileSync("/lib/x86_64-linux-gnu/libz.so.1");
  const right = readElf(whole);
  let errors = 0;
  for (let size = 20; size < whole.length; size += 997) {
    try {
      expect(readElf(whole.subarray(0, size))).toEqual(right);
    } catch (error) {
      if ((error as Error).name !== "RangeError") throw error;
      errors++;
    }
  }
  expect(errors).toBeGreaterThan(50);
});
