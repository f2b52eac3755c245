import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { thrownBy } from "../../testing/logs.ts";
import type { VoyagerError } from "../common/errors.ts";
import { checkOutputs } from "./check-outputs.ts";
import { removeTree } from "./remove-tree.ts";

const folder = temporaryFolders();

/** An output with one file in it. */
function makeOutput(): string {
  const out = folder();
  mkdirSync(join(out, "lib"));
  writeFileSync(join(out, "lib/file"), "x");
  return out;
}

const refusal = (out: string) => thrownBy<VoyagerError>(() => checkOutputs({ out }));

test("files, folders and links, even broken ones, are welcome", () => {
  const out = makeOutput();
  symlinkSync("/nowhere", join(out, "broken"));
  symlinkSync(".", join(out, "loop"));
  chmodSync(join(out, "lib"), 0o2755);
  expect(() => checkOutputs({ out, dev: makeOutput() })).not.toThrow();
});

test("names that are not UTF-8 are welcome", () => {
  const out = makeOutput();
  writeFileSync(Buffer.concat([Buffer.from(`${out}/lib/`), Buffer.from([0xe4, 0xff])]), "latin1");
  expect(() => checkOutputs({ out })).not.toThrow();
});

test("what its owner may not read can be read, as it will be in the store", () => {
  const out = makeOutput();
  chmodSync(join(out, "lib/file"), 0o111);
  checkOutputs({ out });
  expect(statSync(join(out, "lib/file")).mode & 0o777).toBe(0o511);
});

test("a FIFO", async () => {
  const out = makeOutput();
  spawnSync("mkfifo", [join(out, "lib/pipe")]);
  const error = await refusal(out);
  expect(error).toMatchObject({ kind: "output", what: `the output holds a FIFO: ${out}/lib/pipe` });
  expect(error.details.remedy).toContain("end of the build script");
});

test("a socket", async () => {
  const out = makeOutput();
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(out, "lib/socket"), resolve));
  expect((await refusal(out)).what).toBe(`the output holds a socket: ${out}/lib/socket`);
  server.close();
});

test.each([0o4755, 0o2755])("a file with mode %o", async (mode) => {
  const out = makeOutput();
  chmodSync(join(out, "lib/file"), mode);
  expect((await refusal(out)).what).toBe(`the output holds a setuid or setgid file: ${out}/lib/file`);
});

test("a tree that is deeper than a path is long", async () => {
  const out = makeOutput();
  const code = "import os\nfor n in range(2000): os.mkdir('d'); os.chdir('d')";
  spawnSync("python3", ["-c", code], { cwd: out });
  const error = await refusal(out);
  expect(error.what).toMatch(/the output has a path of more than 3500 bytes: .*\/d\/d\/d.*…$/);
  removeTree(out);
});

test("holes: 10 GB are welcome, 8 TB are not", async () => {
  const out = makeOutput();
  truncateSync(join(out, "lib/file"), 10e9);
  expect(() => checkOutputs({ out })).not.toThrow();
  truncateSync(join(out, "lib/file"), 8e12);
  expect((await refusal(out)).what).toBe(
    `the files of the output have more than 64 GiB in holes: ${out}/lib/file`,
  );
});

test("a name that is no text is told in one line", async () => {
  const out = makeOutput();
  spawnSync("python3", ["-c", 'import os; os.mkfifo(b"a\\n\\xff")'], { cwd: out });
  expect((await refusal(out)).what).toBe(`the output holds a FIFO: ${out}/a\\x0a\\xff`);
});

test("nothing at all", async () => {
  const dev = folder();
  const error = await thrownBy<VoyagerError>(() => checkOutputs({ out: makeOutput(), dev }));
  expect(error).toMatchObject({
    kind: "output",
    what: "the build script left nothing in output 'dev'",
    details: { why: `$dev is ${dev}, and it is empty` },
  });
});
