/**
 * Decompresses packages while others are still being downloaded or installed. dpkg takes one package
 * after the other, and half of its time goes into decompressing; so a loop beside it does that for
 * what apt has downloaded and checked, and a `dpkg-deb` of ours, which dpkg finds first, hands it over.
 * What is not ready is decompressed as ever.
 */
import { type SetupFile, scratchFolder } from "./package-manager.ts";

/** Comes first in dpkg's search path. */
export const programsFolder = `${scratchFolder}/bin`;
/** Must exist when dpkg runs. */
export const aheadFolder = `${scratchFolder}/ahead`;

/** Kilobytes that may lie there decompressed and not yet installed. */
const mostAhead = 500_000;

/** What dpkg calls for each package, twice; apt may give it a link with another name. */
const program = `#!/bin/sh
if [ "$1" = --fsys-tarfile ]; then
  name=$(readlink -f "$2")
  name=\${name##*/}
  if [ -f "${aheadFolder}/$name" ] && exec 3<"${aheadFolder}/$name"; then
    rm -f "${aheadFolder}/$name"
    exec cat <&3
  fi
  : >"${aheadFolder}/$name.taken"
fi
exec /usr/bin/dpkg-deb "$@"
`;

/** The program that stands in for dpkg-deb. */
export const unpackAheadFiles: SetupFile[] = [
  { path: `${programsFolder.slice(1)}/dpkg-deb`, content: program, mode: 0o755 },
];

/** Shell code that starts the loop over a folder's packages; it ends when `stopUnpackingAhead` says so. */
export const startUnpackingAhead = (folder: string) => `unpack_ahead() {
  while [ ! -e ${aheadFolder}/stop ]; do
    for deb in ${folder}/*.deb; do
      name=\${deb##*/}
      if [ ! -e "$deb" ] || [ -e "${aheadFolder}/$name.taken" ]; then continue; fi
      while [ "$(du -sk ${aheadFolder} | cut -f 1)" -gt ${mostAhead} ]; do
        [ ! -e ${aheadFolder}/stop ] || return 0
        sleep 0.1
      done
      if [ -e "${aheadFolder}/$name.taken" ]; then continue; fi
      : >"${aheadFolder}/$name.taken"
      if dpkg-deb --fsys-tarfile "$deb" >"${aheadFolder}/$name.part"; then
        mv "${aheadFolder}/$name.part" "${aheadFolder}/$name"
      else
        rm -f "${aheadFolder}/$name.part"
      fi
    done
    sleep 0.1
  done
}
unpack_ahead </dev/null >/dev/null 2>&1 &
`;

/** Shell code that ends it. */
export const stopUnpackingAhead = `: >${aheadFolder}/stop
wait
`;
