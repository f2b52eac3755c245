import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { join } from "node:path";
import { temporaryFolders } from "../../testing/folders.ts";
import { fuzz, mutated, type Random } from "../../testing/fuzz.ts";
import { randomPieces } from "../../testing/random.ts";
import { long, pax, rawEntry, sign, sparse } from "../../testing/tars.ts";
import { makeCage, treeOf } from "../../testing/trees.ts";
import { VoyagerError } from "../common/errors.ts";
import { Unpacker } from "./unpack.ts";

const folder = temporaryFolders();

const names = ["a", "b.txt", "größe", "two\nlines", "n".repeat(99), "l".repeat(180), "-rf", "tab\t", " "];

/** A tree of all that may be in an output, at "out". */
function makeTree(random: Random): string {
  const top = folder();
  const folders = [join(top, "out")];
  const files: string[] = [];
  fs.mkdirSync(join(top, "out"));
  for (let count = random.below(12); count >= 0; count--) {
    const path = join(random.pick(folders), random.pick(names));
    if (fs.lstatSync(path, { throwIfNoEntry: false })) continue;
    const kind = random.below(6);
    if (kind === 0) {
      fs.mkdirSync(path);
      folders.push(path);
    } else if (kind === 1) fs.symlinkSync(random.pick([...names, "/etc", "../..", "x".repeat(150)]), path);
    else if (kind === 2 && files.length > 0) fs.linkSync(random.pick(files), path);
    else {
      fs.writeFileSync(path, "x".repeat(random.pick([0, 1, 511, 512, 513, 3000])));
      if (kind === 3) fs.truncateSync(path, 100_000 + random.below(100_000));
      if (kind === 4) fs.chmodSync(path, 0o755);
      files.push(path);
    }
  }
  return top;
}

const python = `
import sys, tarfile
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=getattr(tarfile, sys.argv[1])) as t: t.add("out")`;

/** An archive of it, by one of the programs that make some; null where the format cannot have it. */
function archived(top: string, random: Random): Buffer | null {
  const options = { cwd: top, maxBuffer: 1e8, stdio: "pipe" } as const;
  const maker = random.pick(["gnu", "gnu --sparse", "posix", "ustar", "GNU_FORMAT", "PAX_FORMAT"]);
  try {
    if (/_/.test(maker)) return execFileSync("python3", ["-c", python, maker], options);
    return execFileSync("tar", ["-c", ...`--format=${maker}`.split(" "), "out"], options);
  } catch (error) {
    if (maker === "ustar") return null; // names that it has no room for
    throw error;
  }
}

function unpack(archive: Buffer, out: string, random: Random): VoyagerError | null {
  const unpacker = new Unpacker({ out });
  try {
    const pieces = random.chance(0.5)
      ? [archive]
      : randomPieces(archive, 1 + random.below(3000), () => random.fraction());
    for (const piece of pieces) unpacker.write(piece);
    unpacker.end();
    return null;
  } catch (error) {
    if (error instanceof VoyagerError && ["output", "transfer"].includes(error.kind)) return error;
    throw error;
  }
}

fuzz("unpacker, on archives of GNU tar and Python", { runs: 40 }, (random) => {
  const top = makeTree(random);
  const archive = archived(top, random);
  if (archive === null) return;
  const to = folder();
  expect(unpack(archive, join(to, "out"), random)).toBeNull();
  expect(Object.fromEntries(treeOf(to))).toEqual(Object.fromEntries(treeOf(top)));
});

/** Archives that are then damaged: ordinary ones, and such as aim at what is outside. */
const corpus: Buffer[] = (() => {
  const entries = [
    [rawEntry({ name: "out/", type: "5" })],
    [rawEntry({ name: "out/d/", type: "5" }), rawEntry({ name: "out/d/f" }, "content")],
    [rawEntry({ name: "out/l", type: "2", link: ".." }), rawEntry({ name: "out/l2", type: "2", link: "d" })],
    [rawEntry({ name: "out/f" }, "x".repeat(700)), rawEntry({ name: "out/h", type: "1", link: "out/f" })],
    [pax([["path", "out/from pax"]]), rawEntry({ name: "out/short" }, "pax")],
    [pax([["linkpath", "../victim"]]), rawEntry({ name: "out/p", type: "2", link: "x" })],
    [long(`out/${"n".repeat(150)}`), rawEntry({ name: "out/n", gnu: true }, "long")],
    [long("../victim", "K"), rawEntry({ name: "out/k", type: "2", link: "x", gnu: true })],
    [
      sparse("out/s", 1 << 20, [
        [0, 3],
        [5000, 600],
        [1 << 20, 0],
      ]),
    ],
    [
      sparse(
        "out/t",
        1 << 20,
        Array.from({ length: 30 }, (_, index) => [index * 1000, 10]),
      ),
    ],
  ];
  const [top = [], ...others] = entries;
  const end = Buffer.alloc(1024);
  return [
    Buffer.concat([...top, ...others.flat(), end]),
    ...others.map((one) => Buffer.concat([...top, ...one, end])),
    Buffer.concat([rawEntry({ name: "out", type: "2", link: "folder" }), ...top, ...(others[0] ?? []), end]),
  ];
})();

/** Changes it, and often makes the checksums right again: else little gets beyond them. */
function damaged(random: Random): Buffer {
  let data = Buffer.from(random.pick(corpus));
  if (random.chance(0.5)) return mutated(data, random);
  for (let count = 1 + random.below(3); count > 0; count--) {
    const block = 512 * random.below(data.length / 512 - 2);
    const field = random.pick([0, 100, 124, 156, 157, 257, 345, 386, 482, 483]);
    const text = random.pick([
      "..",
      "/",
      "out/../victim",
      "out/l/f",
      "victim",
      "5",
      "2",
      "1",
      "\xff",
      "7777",
    ]);
    if (random.chance(0.5)) data.write(text, block + field, "latin1");
    else data[block + field + random.below(12)] = random.below(256);
    sign(data.subarray(block, block + 512));
  }
  // Entries once more, or in another order.
  if (random.chance(0.3)) {
    const [from, to] = [random.below(data.length / 512), random.below(data.length / 512)].map((n) => n * 512);
    data = Buffer.concat([data.subarray(0, to), data.subarray(from)]);
  }
  return data;
}

const outcomes = { accepted: 0, refused: 0 };
fuzz("unpacker, on archives that are damaged or hostile", { runs: 1000 }, (random) => {
  const top = folder();
  const cage = makeCage(top);
  // As with a build whose result is one file, the target is sometimes not there.
  if (random.chance(0.5)) fs.mkdirSync(cage.out);
  const error = unpack(damaged(random), cage.out, random);
  outcomes[error === null ? "accepted" : "refused"]++;
  cage.check();
  for (const what of fs.existsSync(cage.out) ? treeOf(top).values() : []) {
    expect(what).toMatch(/^(link .*|folder [0-7]{1,3}|file [0-7]{1,3} .*)$/s);
  }
  fs.rmSync(top, { recursive: true });
});

test("both kinds of outcome were among them", () => {
  if (process.env.VOYAGER_FUZZ_RUNS !== undefined) return;
  expect(outcomes.accepted).toBeGreaterThan(50);
  expect(outcomes.refused).toBeGreaterThan(200);
});
