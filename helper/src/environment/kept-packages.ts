/**
 * Downloaded packages that an engine keeps for the next environment of the same system, in a volume.
 *
 * What has root in one such container (an installation script) can write to the volume, and apt itself
 * takes a file in its archives that has the right name and size. So apt never sees the volume: a file is
 * copied out of it, and the copy is taken only if its SHA-256 is the one in the package lists, which
 * are signed. Package lists are not kept, as they would be trusted without being asked for again.
 */
import { keyOf } from "../common/hash.ts";
import { quoteWord } from "../common/shell.ts";
import type { Volume } from "../engine/engine.ts";
import type { System } from "../spec/spec.ts";
import { labels } from "./labels.ts";
import { archivesFolder, scratchFolder } from "./package-manager.ts";

/** Where the containers that make environments see it. */
const keptFolder = "/var/lib/nix-voyager/packages";
/** Bytes of packages that stay; the ones that were not used for longest go. */
const mostKept = 2_000_000_000;

/**
 * The volume of a system. No other system sees it: its repositories may be a company's own, and what is
 * installed by another must not get to read them.
 */
export function keptPackages(system: System): Volume[] {
  if (!system.keepPackages) return [];
  const name = `nix-voyager-packages-${keyOf(system)}`;
  return [{ name, target: keptFolder, labels: { [labels.kind]: "packages", [labels.system]: system.name } }];
}

/** Shell functions `take_kept`, with the packages that will be installed, and `keep_packages`, after it. */
export const keptFunctions = `take_kept() {
  if [ ! -d ${keptFolder} ] || [ -z "$(ls ${keptFolder})" ]; then return 0; fi
  taken=${scratchFolder}/taken
  mkdir -p "$taken"
  # Its errors will be seen when it installs.
  apt-get install -qq --print-uris -o Acquire::ForceHash=SHA256 -- "$@" 2>/dev/null |
    while read -r uri name size hash; do
      hash=\${hash#SHA256:}
      case "$name" in */* | .* | *[!a-zA-Z0-9._%+~-]* | '') continue ;; esac
      case "$size" in *[!0-9]* | '') continue ;; esac
      case "$hash" in *[!0-9a-f]* | '') continue ;; esac
      [ "\${#hash}" = 64 ] || continue
      [ -f "${keptFolder}/$name" ] || continue
      # Whatever it is by now: no link is followed, no pipe waited for, no more read than there should be.
      dd if="${keptFolder}/$name" of="$taken/$name" bs=1M count="$size" \
        iflag=nofollow,nonblock,fullblock,count_bytes 2>/dev/null || continue
      printf '%s  %s\\n' "$hash" "$name"
    done >"$taken.hashes"
  (
    cd "$taken"
    sha256sum --check <"$taken.hashes" 2>/dev/null | sed -n 's/: OK$//p' >"$taken.right" || :
    sed 's,^,${keptFolder}/,' "$taken.right" | xargs -r touch --no-create --no-dereference
    xargs -r mv -t ${archivesFolder} <"$taken.right"
  )
  rm -rf "$taken"
}
keep_packages() {
  [ -d ${keptFolder} ] || return 0
  new=$(mktemp -d ${keptFolder}/.new-XXXXXXXX)
  for deb in ${archivesFolder}/*.deb; do
    [ -f "$deb" ] || continue
    if [ -s ${scratchFolder}/taken.right ] && grep -qxF "\${deb##*/}" ${scratchFolder}/taken.right; then continue; fi
    printf '%s\\0' "$deb"
  done | xargs -0 -r cp -t "$new"
  find "$new" -type f -exec mv -f -t ${keptFolder} {} +
  rmdir "$new"
  # What somebody was ended in the middle of, and what is no package.
  find ${keptFolder} -mindepth 1 -maxdepth 1 -name '.new-*' -mmin +120 -exec rm -rf {} +
  find ${keptFolder} -mindepth 1 -maxdepth 1 ! -name '.new-*' ! '(' -type f -name '*.deb' ')' -exec rm -rf {} +
  find ${keptFolder} -mindepth 1 -maxdepth 1 -type f -printf '%T@ %s %f\\n' | sort -rn |
    awk -v most=${mostKept} '{ sum += $2 } sum > most { print $3 }' |
    while read -r name; do rm -f "${keptFolder}/$name"; done
}
`;

/** Calls of these functions. That packages are not kept is no reason to fail. */
export const keepKept = "keep_packages || :";
export const takeKept = (packages: string[]) => `take_kept ${packages.map(quoteWord).join(" ")} || :`;
