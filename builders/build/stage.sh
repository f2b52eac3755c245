#!/bin/bash
# Unpacks $src, applies the patches and runs the build script; see README.md beside this file.
# Only what a minimal Debian has may be used here: bash, coreutils, tar, gzip.
set -eu -o pipefail

root=${VOYAGER_BUILD_ROOT:-/build}
src=${src:-}
patches=${VOYAGER_PATCHES:-${patches:-}}

# Prints "nix-voyager: $1" and stops. 65 is EX_DATAERR: the input is wrong, not the build.
fail() {
  printf 'nix-voyager: %s\n' "$1" >&2
  exit 65
}

# The helper turns these lines into Nix's progress display and into timings.
phase() {
  printf '@voyager phase %s\n' "$1" >&2
}

# need TOOL PURPOSE: stops when TOOL is not in the environment.
need() {
  command -v "$1" >/dev/null ||
    fail "$2 needs '$1', which the environment does not have; add its package to systemBuildDependencies"
}

# Prints the kind of file $1, told by its content: a store path's name may say anything.
kind_of() {
  local hex
  hex=$(od -An -v -tx1 -N263 -- "$1" | tr -d ' \n')
  case $hex in
    1f8b*) echo gzip ;;
    fd377a585a00*) echo xz ;;
    425a683[1-9]314159265359* | 425a683[1-9]177245385090*) echo bzip2 ;;
    28b52ffd*) echo zstd ;;
    504b0304* | 504b0506*) echo zip ;;
    # The mark "ustar" at byte 257.
    *) if [[ ${hex:514:10} == 7573746172 ]]; then echo tar; else old_tar "$1"; fi ;;
  esac
}

# Archives from before POSIX have no mark: only tar itself can tell.
old_tar() {
  if tar --force-local -tf "$1" >/dev/null 2>&1; then echo tar; else echo unknown; fi
}

# What a compressed source may unpack to: 256 MiB, or 200 times its size where that is more, as real
# sources have a tenth of that; and never more than 64 GiB. Else a bomb would fill the disk of the host.
least_bound=$((256 << 20))
most_ratio=200
most_bound=$((64 << 30))

# Prints how many bytes FILE may unpack to.
bound_of() {
  local bound=$(($(stat -L -c %s -- "$1") * most_ratio))
  ((bound > least_bound)) || bound=$least_bound
  ((bound < most_bound)) || bound=$most_bound
  printf '%s' "$bound"
}

too_much() {
  fail "source '$1' unpacks to more than $2 bytes, $most_ratio times its size or more: it looks like a bomb"
}

# unpack_tar FILE KIND FOLDER: ends with tar's status.
unpack_tar() {
  local status=0 bound options
  options=(--extract --force-local --no-same-owner --no-same-permissions --directory "$3" --file "$1")
  if [[ $2 == tar ]]; then
    tar "${options[@]}"
    return
  fi
  local program=$2
  need "$2" "source '$1'"
  # A dictionary may be of 4 GiB; what xz itself makes takes 65 MiB.
  [[ $2 != xz ]] || program="xz --memlimit-decompress=1GiB"
  bound=$(bound_of "$1")
  # A record of tar has 10 KiB: it is ended when it has read so many. Of the first signal bash does not
  # tell, but it may be ignored.
  options+=(--checkpoint=$((bound / 10240 + 1)) --checkpoint-action=exec='kill -PIPE $PPID; kill -KILL $PPID 2>/dev/null')
  tar --use-compress-program="$program" "${options[@]}" || status=$?
  [[ $status != 137 && $status != 141 ]] || too_much "$1" "$bound"
  return "$status"
}

# unpack_zip FILE FOLDER: ends with unzip's status.
unpack_zip() {
  local status=0 bound bytes
  need unzip "source '$1'"
  bound=$(bound_of "$1")
  # What a zip says of its members' sizes may be a lie: unpacked to nowhere, they are counted.
  bytes=$(unzip -p "$1" </dev/null 2>/dev/null | head -c $((bound + 1)) | wc -c) || true
  ((bytes <= bound)) || too_much "$1" "$bound"
  unzip -qq -o -d "$2" "$1" </dev/null || status=$?
  # 1 is a warning, for instance about a "../" that it left out of a name.
  [[ $status != 1 ]] || status=0
  return "$status"
}

# unpack FILE KIND FOLDER
unpack() {
  local status=0
  case $2 in
    tar | gzip | xz | bzip2 | zstd) unpack_tar "$@" || status=$? ;;
    zip) unpack_zip "$1" "$3" || status=$? ;;
    *) fail "source '$1' is neither an archive (tar, tar.gz, tar.xz, tar.bz2, tar.zst, zip) nor a folder" ;;
  esac
  [[ $status == 0 ]] || fail "source '$1' looks like $2, but unpacking it as an archive failed (status $status)"
}

unpack_source() {
  local folder=$root/.unpacked entries
  if [[ -d $src ]]; then
    # The slash and dot follow $src where it is a symbolic link itself; links inside stay links.
    mkdir source
    cp -R -P --preserve=mode,timestamps,links --reflink=auto -- "$src/." source
    chmod -R u+rwX source
    return
  fi
  [[ -e $src ]] || fail "source '$src' does not exist in the container"
  mkdir "$folder"
  unpack "$src" "$(kind_of "$src")" "$folder"
  # A folder without write permission can neither be moved nor patched.
  chmod -R u+rwX "$folder"
  shopt -s nullglob dotglob
  entries=("$folder"/*)
  shopt -u nullglob dotglob
  if [[ ${#entries[@]} == 1 && -d ${entries[0]} && ! -L ${entries[0]} ]]; then
    mv -T -- "${entries[0]}" source
    rmdir "$folder"
  else
    mv -T -- "$folder" source
  fi
}

apply_patches() {
  local file
  need patch "patches"
  for file in $patches; do
    # Backups of fuzzy hunks would be packed with the source.
    patch -d source -p1 --forward --no-backup-if-mismatch -i "$file" </dev/null >&2 ||
      fail "patch '$file' does not apply to the source (with patch -p1)"
  done
}

# Has each link write down what it read, see linker.sh: a library that is linked statically is out
# of the administrator's reach. The file "watched" is how the audit knows that nobody has taken the
# records away.
watch_linkers() {
  local folder=$root/.voyager/linker name first= found
  mkdir -p "$root/.voyager/links"
  : >"$root/.voyager/links/watched"
  found=$(command -v ld) || return 0
  mkdir -p "$folder"
  for name in ld ld.bfd ld.gold ld.lld ld.mold; do
    command -v "$name" >/dev/null || continue
    if [[ -z $first ]]; then
      cp -- "${BASH_SOURCE[0]%/*}/linker.sh" "$folder/$name"
      chmod 755 "$folder/$name"
      first=$name
    else
      ln -f "$folder/$first" "$folder/$name"
    fi
  done
  export COMPILER_PATH=$folder${COMPILER_PATH:+:$COMPILER_PATH}
  # For those that call it themselves, or empty the environment. A linker that the build brings along
  # stays the first.
  case $found in /usr/bin/ld | /bin/ld) export PATH=$folder:$PATH ;; esac
}

# Options taken from the environment could switch tar's and unzip's own protection off.
unset TAR_OPTIONS UNZIP UNZIPOPT GZIP XZ_OPT XZ_DEFAULTS ZSTD_CLEVEL
umask 022
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-315532800}

cd "$root"
if [[ -d source ]]; then
  rmdir source 2>/dev/null || fail "'$root/source' is not empty"
fi
if [[ -n $src ]]; then
  phase unpack
  unpack_source
else
  mkdir source
fi
if [[ -n ${patches// /} ]]; then
  phase patch
  apply_patches
fi
watch_linkers
phase build
cd source
# A kind of build may have the script run by a program of its own.
exec ${VOYAGER_RUNNER:-bash -e -o pipefail} "$root/.voyager/build-script" </dev/null
