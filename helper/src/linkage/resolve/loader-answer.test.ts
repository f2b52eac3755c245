import { readLoaderAnswer } from "./loader-answer.ts";

/** Outputs of glibc 2.36 (LD_TRACE_LOADED_OBJECTS=1 /lib64/ld-linux-x86-64.so.2 FILE) and musl 1.2.3. */
const vdso = "\tlinux-vdso.so.1 (0x00007fe0c704d000)\n";
const libc = "\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007fe0c6e57000)\n";
const loader = "\t/lib64/ld-linux-x86-64.so.2 (0x00007fe0c704f000)\n";
const foundLibc = { soname: "libc.so.6", path: "/lib/x86_64-linux-gnu/libc.so.6" };
const foundLoader = { soname: "ld-linux-x86-64.so.2", path: "/lib64/ld-linux-x86-64.so.2" };
const fine = { libraries: [foundLibc, foundLoader], missing: [], missingVersions: [], error: null };

const read = (output: string, status = 0, needed = ["libc.so.6"]) =>
  readLoaderAnswer("/out/bin/x", needed, output, status);

test("libraries in their order, the loader too, the kernel's page not", () => {
  expect(read(vdso + libc + loader)).toEqual(fine);
});

test("a library that is not found", () => {
  expect(read(`${vdso}\tlibgone.so.1 => not found\n${libc}${loader}`)).toEqual({
    ...fine,
    missing: ["libgone.so.1"],
  });
});

test("a symbol version that a library lacks", () => {
  const line =
    "/out/bin/x: /lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.99' not found (required by /out/lib/y.so)\n";
  expect(read(line + vdso + libc + loader).missingVersions).toEqual([
    { soname: "libc.so.6", version: "GLIBC_2.99", neededBy: "/out/lib/y.so" },
  ]);
});

test("what the loader only warns of is no error", () => {
  const warning =
    "/out/bin/x: /lib/x86_64-linux-gnu/libc.so.6: no version information available (required by /out/bin/x)\n";
  expect(read(warning + vdso + libc + loader)).toEqual(fine);
});

test("what it cannot load at all", () => {
  const line = "/out/bin/x: error while loading shared libraries: /out/bin/x: file too short\n";
  expect(read(line, 127)).toMatchObject({ libraries: [], error: "/out/bin/x: file too short" });
});

test("killed by a signal, whatever the shell said of it", () => {
  expect(read("Bus error\n", 135).error).toContain("signal 7");
  expect(read(vdso + libc + loader, 137).error).toBe("the loader did not answer in time");
});

test("needed by a path: its soname is what the file asks for", () => {
  const answer = read(`\t/out/lib/slash.so (0x00007f5ce3e44000)\n${libc}${loader}`, 0, ["/out/lib/slash.so"]);
  expect(answer.libraries[0]).toEqual({ soname: "/out/lib/slash.so", path: "/out/lib/slash.so" });
});

test("found by a relative path: that is nowhere", () => {
  expect(read(`\tliba.so => lib/liba.so (0x00007f5ce3e44000)\n${libc}`).error).toContain("relative");
});

test("statically linked", () => {
  expect(read("\tstatically linked\n")).toEqual({ ...fine, libraries: [] });
});

test("a name of several lines does not hide that it is not found", () => {
  const answer = read(`\tx (0x1)\n\ty => not found\n${libc}${loader}`);
  expect(answer.missing).toEqual(["y"]);
  expect(answer.error).not.toBeNull();
});

test.each(["", "what?\n", `${libc}\tx\n`, "/other: libx: version `A' not found (required by z)\n", "\t\n"])(
  "what is not understood is an error: %p",
  (output) => {
    expect(read(output).error).not.toBeNull();
  },
);

test("a status other than 0 is an error, even with libraries", () => {
  expect(read(vdso + libc + loader, 1).error).toBe("the loader ended with status 1");
  expect(read("", 126).error).toContain("cannot be run");
});

test("musl", () => {
  const found =
    "\t/lib/ld-musl-x86_64.so.1 (0x7f1)\n\tlibc.musl-x86_64.so.1 => /lib/ld-musl-x86_64.so.1 (0x7f1)\n";
  const missing =
    "Error loading shared library libgone.so.1: No such file or directory (needed by /out/bin/x)\n";
  const symbol = "Error relocating /out/bin/x: gone: symbol not found\n";
  expect(read(found + missing + symbol, 127)).toMatchObject({ missing: ["libgone.so.1"], error: null });
  expect(read(found).error).toBeNull();
  expect(read(found, 127).error).not.toBeNull();
});
