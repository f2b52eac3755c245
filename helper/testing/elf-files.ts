/** What another reader says of an ELF file, to compare ours with. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { join } from "node:path";

/** What `readelf` says, in the words of ElfFacts. */
export interface ReadelfFacts {
  needed: string[];
  soname: string | null;
  rpath: string[];
  runpath: string[];
  interpreter: string | null;
  buildId: string | null;
  versionsNeeded: Record<string, string[]>;
}

/** One run for many files, as starting it takes longer than what it does. */
export function readelf(files: string[]): Map<string, ReadelfFacts> {
  const text = execFileSync("readelf", ["-W", "-l", "-d", "-n", "-V", ...files], {
    encoding: "utf8",
    maxBuffer: 1 << 30,
    stdio: ["ignore", "pipe", "ignore"],
  });
  const parts = text.split(/^File: /m).slice(1);
  return new Map(parts.map((part) => [part.slice(0, part.indexOf("\n")), parse(part)]));
}

function parse(text: string): ReadelfFacts {
  const all = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? "");
  const folders = (name: string) =>
    all(new RegExp(`\\(${name}\\).*\\[(.*)\\]`, "g")).flatMap((list) => list.split(":"));
  const versionsNeeded: Record<string, string[]> = {};
  let list: string[] = [];
  for (const [, soname, version] of text.matchAll(
    /Version: 1 {2}File: (\S+) {2}Cnt|^ .*\bName: (\S+) {2}Flags: .* Version: /gm,
  )) {
    if (soname) {
      versionsNeeded[soname] ??= [];
      list = versionsNeeded[soname];
    } else if (version) list.push(version);
  }
  for (const versions of Object.values(versionsNeeded)) versions.sort();
  return {
    needed: all(/\(NEEDED\).*\[(.*)\]/g),
    soname: all(/\(SONAME\).*\[(.*)\]/g)[0] ?? null,
    rpath: folders("RPATH"),
    runpath: folders("RUNPATH"),
    interpreter: all(/\[Requesting program interpreter: (.*)\]/g)[0] ?? null,
    buildId: all(/Build ID: ([0-9a-f]+)/g)[0] ?? null,
    versionsNeeded,
  };
}

/** Libraries of a folder, without links, and without the linker scripts that are called the same. */
export function librariesOf(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.so(\.|$)/.test(entry.name))
    .map((entry) => join(realpathSync(folder), entry.name))
    .filter((file) => readFileSync(file).toString("latin1", 0, 4) === "\x7fELF")
    .sort();
}
