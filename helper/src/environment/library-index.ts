/**
 * The library index: a file in every environment that says which package owns which library, what
 * the loader's cache knows, and what packages there are. Asking the package manager for it file by
 * file would take longer than many a build; so it is written once, when the environment is made.
 * Root owns it and builds do not run as root, so no build can change what it says.
 *
 * Text in sections (see record.ts), fields separated by tabs:
 *
 *     @@ format      "deb" or "rpm", folder of the package manager's database
 *     @@ files       real path, package key
 *     @@ cache       soname, flags, path, real path: the loader's cache, as ldconfig -p shows it
 *     @@ packages    key, name, arch, version, source, source version, "yes" if essential,
 *                    what it depends on, what it provides
 *     @@ provided    path that a package requires by its name, key of its owner (rpm only)
 *     @@ end         empty; a file without it was not written to its end
 */
import type { PackageFormat } from "../common/package-version.ts";
import { realPathsFunction } from "../common/shell.ts";

/** Where environments have it. */
export const libraryIndexPath = "/var/lib/nix-voyager/libraries";

/** Names of files that linkers and loaders read (loaders are ld-linux-x86-64.so.2 and the like), as an awk condition on the variable `name`. */
export const libraryName = "name ~ /\\.so(\\.[0-9]|$)/ || name ~ /\\.a$/";

/**
 * Script (POSIX sh, as root) that writes the index.
 *
 * @param listing script of the package manager. It sets `database` to the folder of the
 *   package manager's database, and writes into the working directory: `owned`
 *   (path as the package has it, key; only names by libraryName), `packages` and `provided`.
 */
export function libraryIndexScript(format: PackageFormat, listing: string): string {
  return `set -eu
export LC_ALL=C
folder=${libraryIndexPath.slice(0, libraryIndexPath.lastIndexOf("/"))}
mkdir -p "$folder"
chmod 755 "$folder"
work=$(mktemp -d)
cd "$work"
${listing}
${realPathsFunction}
tab=$(printf '\\t')
# Packages know a file by the name it was packed with; /lib may be a link to /usr/lib by now.
sed -e "s/$tab.*//" -e 's,/[^/]*$,,' -e 's,^$,/,' owned >folders
sort -u folders >unique
real_paths <unique >real
[ "$(wc -l <unique)" = "$(wc -l <real)" ]
paste unique real >aliases
awk -F '\\t' -v OFS='\\t' 'FILENAME == "aliases" { real[$1] = $2 == "/" ? "" : $2; next }
  { folder = $1; sub(/\\/[^\\/]*$/, "", folder); name = substr($1, length(folder) + 2)
    print real[folder == "" ? "/" : folder] "/" name, $2 }' aliases owned | sort -u >listed
# A link is owned, too, but what it leads to is what matters: another package may own that, or none.
while IFS="$tab" read -r path key; do
  if [ -f "$path" ] && [ ! -L "$path" ]; then printf '%s\\t%s\\n' "$path" "$key"; fi
done <listed >files
: >cache
for ldconfig in ldconfig /sbin/ldconfig /usr/sbin/ldconfig; do
  command -v "$ldconfig" >/dev/null || continue
  "$ldconfig" -p >raw
  sed -n "s/^$tab\\(.*\\) (\\(.*\\)) => \\(\\/.*\\)$/\\1$tab\\2$tab\\3/p" raw >known
  sed "s/.*$tab//" known | real_paths >real
  [ "$(wc -l <known)" = "$(wc -l <real)" ]
  paste known real >cache
  break
done
{
  printf '@@ format\\n%s\\t%s\\n' ${format} "$database"
  for part in files cache packages provided; do echo "@@ $part"; cat "$part"; done
  echo '@@ end'
} >index
chmod 644 index
mv -f index ${libraryIndexPath}
cd /
rm -rf "$work"
`;
}
