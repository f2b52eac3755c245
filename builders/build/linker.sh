#!/bin/sh
# Stands in for the linker whose name it is called by: runs it, and writes down which static
# libraries it read. gcc and clang find it by COMPILER_PATH, so a package's own flags stay as they
# are. Leaves a record in the folder "links" beside its own for each link with such libraries:
# "id BUILD-ID" (or "id" alone), "output PATH", and a line "archive PATH" for each.
folder=${0%/*}
name=${0##*/}
links=${folder%/*}/links
# Beside us nothing has a say in which linker is taken but what would have had it without us.
real=/usr/bin/$name
[ -x "$real" ] || real=$(PATH=$(printf %s "$PATH" | sed "s|$folder:*||") && command -v "$name") || {
  echo "nix-voyager: the linker $name is not installed" >&2
  exit 127
}
record=$(mktemp "$links/XXXXXXXX") || exec "$real" "$@"

"$real" "$@" --dependency-file="$record"
status=$?
if [ $status != 0 ]; then
  rm -f "$record"
  # One that is too old for the option fails for that alone.
  "$real" --help 2>/dev/null | grep -q -e --dependency-file || exec "$real" "$@"
  exit $status
fi

# Lines of the first rule: "output: \", "  path \" …, in make's notation. Only what is not the
# build's own counts, and not what every link takes from the compiler and the C library because
# there is no other way: those have no shared form. libpthread.a of a newer C library is there for
# old flags, and empty: 8 bytes.
archives=$(sed -n '/^$/q; s/^ *//; s/ *\\$//; s/\\ / /g; /\.a$/p' "$record" |
  grep -v -e '/libgcc\.a$' -e '_nonshared\.a$' -e '/libclang_rt\.builtins[^/]*\.a$' | sort -u |
  while read -r archive; do
    archive=$(readlink -f "$archive")
    case $archive in "${folder%/*/*}"/*) continue ;; esac
    [ "$(wc -c <"$archive")" -le 8 ] || printf 'archive %s\n' "$archive"
  done | sort -u)
output=$(sed -n '1{s/: *\\*$//;s/\\ / /g;p;}' "$record")
rm -f "$record"
[ -n "$archives" ] || exit 0

id=$(readelf -n "$output" 2>/dev/null | sed -n 's/^ *Build ID: //p')
printf 'id %s\noutput %s\n%s\n' "$id" "$output" "$archives" >"$record.link"
