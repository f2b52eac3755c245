#!/bin/sh
# Stands in for the linker whose name it is called by: runs it, and writes down which static
# libraries it read. gcc and clang find it by COMPILER_PATH, who calls `ld` by PATH; so a package's
# own flags stay as they are. Leaves a record in the folder "links" beside its own for each link with
# such libraries: "id BUILD-ID" (or "id" alone), "output PATH", a line "archive PATH" for each, and
# "relocatable" where the result is but a part of what will be linked with it.
folder=${0%/*}
name=${0##*/}
root=${folder%/*/*}
links=${folder%/*}/links
# A cross compiler looks here for the linker's plain name too, which is another machine's.
target=${COLLECT_LTO_WRAPPER%/*/*}
target=${target##*/}
real=/usr/bin/$target-$name
if [ -z "$target" ] || [ ! -x "$real" ] || [ "/usr/bin/$name" -ef "$real" ] || [ "$target" = "$(uname -m)-linux-gnu" ]; then
  # Beside us nothing has a say in which linker is taken but what would have had it without us.
  real=/usr/bin/$name
  [ -x "$real" ] || real=$(PATH=$(printf %s "$PATH" | sed "s|$folder:*||") && command -v "$name") || {
    echo "nix-voyager: the linker $name is not installed" >&2
    exit 127
  }
fi
record=$(mktemp "$links/XXXXXXXX") || exec "$real" "$@"

# Of several such options the last wins. So the package's own file is written by us.
wanted=
before=
for word do
  case $before in --dependency-file | -dependency-file) wanted=$word ;; esac
  case $word in
    --dependency-file=* | -dependency-file=*) wanted=${word#*=} ;;
    @?*)
      inside=$(sed -n 's/.*-dependency-file[= ]"\{0,1\}\([^" ]*\).*/\1/p' "${word#@}" 2>/dev/null | tail -n 1)
      wanted=${inside:-$wanted}
      ;;
  esac
  before=$word
done

"$real" "$@" --dependency-file="$record"
status=$?
if [ $status != 0 ]; then
  rm -f "$record"
  # One that is too old for the option fails for that alone.
  "$real" --help 2>/dev/null | grep -q -e --dependency-file || exec "$real" "$@"
  exit $status
fi
[ -z "$wanted" ] || cat "$record" >"$wanted"

# The first rule, a name in a line, in make's notation: "output: \", "  path \" …. mold writes all in
# one line, and escapes spaces, as ld does not.
words=$(sed -n '/^$/q; 1{/: *\\$/!{s/\\ /\x01/g; s/  */\n/g; s/\x01/ /g}}
  s/^ *//; s/ *\\$//; s/\\ / /g; s/\\#/#/g; s/\$\$/$/g; p' "$record")
rm -f "$record"
inputs=$(printf '%s\n' "${words#*
}" | xargs -r -d '\n' readlink -f --)

# Only what is not the build's own counts, and not what every link takes from the compiler and the C
# library because there is no other way: those have no shared form. libpthread.a of a newer C library
# is there for old flags, and empty: 8 bytes. A library may go by any name, but not a package's
# shared ones and objects.
archives=$(printf '%s\n' "$inputs" | while IFS= read -r file; do
  case $file in
    "$root"/* | *.so | *.so.* | *.o) continue ;;
    */libgcc.a | *_nonshared.a | */libclang_rt.builtins*.a) continue ;;
  esac
  [ "$(head -c 7 "$file" | tr -d '\0')" != '!<arch>' ] || [ "$(wc -c <"$file")" -le 8 ] || printf 'archive %s\n' "$file"
done)
# What went into an object by an earlier link (-r) goes where the object goes.
set -- "$links"/*.link
if [ -e "$1" ]; then
  earlier=$(printf '%s\n' "$inputs" | sed 's/^/output /' | grep -l -x -F -f - "$@" | xargs -r grep -l -x relocatable)
  [ -z "$earlier" ] || archives=$(printf '%s\n' "$earlier" | xargs cat | grep '^archive ' | printf '%s\n%s\n' "$archives" "$(cat)")
fi
# Most links have none: each program that is not started for them shortens every build.
[ -n "$archives" ] || exit 0
archives=$(printf '%s\n' "$archives" | sed '/^$/d' | sort -u)

output=$(printf '%s\n' "$words" | sed -n '1{s/:$//;p;}' | xargs -d '\n' readlink -f --)
id=$(readelf -n "$output" 2>/dev/null | sed -n 's/^ *Build ID: //p')
{
  printf 'id %s\noutput %s\n%s\n' "$id" "$output" "$archives"
  # e_type, in either order of bytes.
  case $(od -An -tx1 -j16 -N2 "$output" | tr -d ' ') in 0100 | 0001) echo relocatable ;; esac
} >"$record.part"
mv "$record.part" "$record.link"
