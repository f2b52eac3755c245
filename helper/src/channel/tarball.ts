/** The tarball of a channel's expressions: the same bytes for the same files, whoever makes it. */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { VoyagerError } from "../common/errors.ts";
import { type MadeEntry, packMade } from "../transfer/pack.ts";
import expressions from "./expressions.nix";
import { indexFile } from "./channel-index.ts";
import { storedXz } from "./xz.ts";

/** More than this, in bytes, is not a channel but a mistake, such as a folder with a build in it. */
const mostBytes = 256 * 1024 * 1024;

const owner = { uid: 0, gid: 0 };

/** The expressions that name the packages of an index. @param index its text */
export function ownExpressions(name: string, index: string): MadeEntry[] {
  const file = (path: string, text: string): MadeEntry => ({
    path: `${name}/${path}`,
    mode: 0o644,
    owner,
    content: { type: "File", text },
  });
  return [folder(`${name}/`), file("default.nix", expressions), file(indexFile, index)];
}

/** The files of a folder, in order of their names. Throws a `source` error when Nix could not read them. */
export function givenExpressions(name: string, source: string): MadeEntry[] {
  if (!lstatSync(join(source, "default.nix"), { throwIfNoEntry: false })?.isFile()) {
    throw new VoyagerError("source", "the channel's src has no default.nix", {
      why: `looked in ${source}`,
      remedy: "give mkChannel the folder whose default.nix subscribers shall evaluate",
    });
  }
  const entries = [...entriesBelow(source, name)];
  const size = entries.reduce(
    (sum, { content }) => sum + (content.type === "File" ? content.text.length : 0),
    0,
  );
  if (size > mostBytes) {
    throw new VoyagerError("source", `the channel's src has ${size} bytes`, {
      why: `a channel's expressions are at most ${mostBytes}`,
      remedy:
        "give the expressions alone: leave results, downloads and .git out (builtins.path with a filter)",
    });
  }
  return entries;
}

function folder(path: string): MadeEntry {
  return { path, mode: 0o755, owner, content: { type: "Directory" } };
}

function* entriesBelow(path: string, name: string): Generator<MadeEntry> {
  const stat = lstatSync(path);
  if (stat.isDirectory()) {
    yield folder(`${name}/`);
    for (const entry of readdirSync(path).sort()) yield* entriesBelow(join(path, entry), `${name}/${entry}`);
  } else if (stat.isSymbolicLink()) {
    yield { path: name, mode: 0o777, owner, content: { type: "SymbolicLink", target: readlinkSync(path) } };
  } else {
    const mode = (stat.mode & 0o111) === 0 ? 0o644 : 0o755;
    yield { path: name, mode, owner, content: { type: "File", text: readFileSync(path) } };
  }
}

/** nixexprs.tar.xz */
export function tarball(entries: MadeEntry[]): Buffer {
  return storedXz(packMade(entries));
}
