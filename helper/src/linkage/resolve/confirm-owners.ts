/**
 * Asks the package manager itself about files that the library index does not have, before they
 * count as nobody's: a library may have any name, and the index has only the usual ones.
 */
import { quoteWord } from "../../common/shell.ts";
import { type Ask, askTogether, hasControlCharacters, newMark, type Question } from "./ask.ts";
import type { SystemLibraries } from "./system-libraries.ts";

/** More paths than a build can need unless it means harm. */
const mostPaths = 500;

/** Notes in `system` the owners of these real paths, where the package manager knows them. */
export async function confirmOwners(
  ask: Ask,
  system: SystemLibraries,
  realPaths: Iterable<string>,
): Promise<void> {
  const unknown = [...new Set(realPaths)]
    .filter((path) => system.packageOf(path) === null && path.startsWith("/") && !hasControlCharacters(path))
    .slice(0, mostPaths);
  if (unknown.length === 0) return;
  const [owners] = await askTogether(ask, [
    system.format === "deb" ? askDpkg(unknown, system.database) : askRpm(unknown, system.database),
  ]);
  for (const [path, key] of owners) system.addOwner(path, key);
}

/** Runs a command for each path, and reads what it prints for it. */
function forEach(
  paths: string[],
  command: (path: string) => string,
  read: (output: string, path: string) => string | null,
): Question<Map<string, string>> {
  const mark = newMark();
  const script = paths.map((path) => `${command(path)} 2>/dev/null || :\necho ${mark}`).join("\n");
  return {
    script,
    read(output) {
      const parts = output.split(`${mark}\n`);
      const found = paths.map((path, index): [string, string | null] => [
        path,
        read(parts[index] ?? "", path),
      ]);
      return new Map(found.filter((entry): entry is [string, string] => entry[1] !== null));
    },
  };
}

/** Names of a path in a package that may still say /lib where that is a link to /usr/lib by now. */
function aliasesOf(path: string): string[] {
  return /^\/usr\/(lib|bin|sbin)/.test(path) ? [path, path.slice("/usr".length)] : [path];
}

/** dpkg-query(1): arguments are patterns. */
function askDpkg(paths: string[], database: string): Question<Map<string, string>> {
  const patterns = (path: string) =>
    aliasesOf(path).map((alias) => quoteWord(alias.replace(/[\\*?[\]]/g, "\\$&")));
  return forEach(
    paths,
    (path) => `dpkg-query --admindir=${quoteWord(database)} -S ${patterns(path).join(" ")}`,
    readDpkgSearch,
  );
}

/**
 * Reads "a:amd64, b: /path". A diversion means that the packages' file of that name lies elsewhere,
 * but for that of the package that diverts.
 */
export function readDpkgSearch(output: string, path: string): string | null {
  const aliases = aliasesOf(path);
  let owners: string[] = [];
  let diverter: string | null = null;
  for (const line of output.split("\n")) {
    const alias = aliases.find((one) => line.endsWith(`: ${one}`));
    if (alias === undefined) continue;
    const what = line.slice(0, -alias.length - 2);
    if (what === "local diversion from" || /^(local )?diversion .*to$/.test(what)) return null;
    const by = /^diversion by (\S+) from$/.exec(what);
    if (by) diverter = by[1] ?? null;
    else owners.push(...what.split(", "));
  }
  if (diverter !== null) owners = owners.filter((owner) => owner.replace(/:.*/, "") === diverter);
  return owners.find((owner) => /^[a-z0-9][a-z0-9.+:-]*$/.test(owner)) ?? null;
}

/** A database that is not where rpm looks for it when a user asks, as on Debian, is told of. */
function askRpm(paths: string[], database: string): Question<Map<string, string>> {
  return forEach(
    paths,
    (path) => `rpm --dbpath ${quoteWord(database)} -qf --qf '%{DBINSTANCE}\\n' -- ${quoteWord(path)}`,
    (output) => /^(\d+)$/m.exec(output)?.[1] ?? null,
  );
}
