# shellcheck shell=sh
# Tells whether a system has what the compiled files of a delivery need: libraries by soname,
# symbol versions by name. Needs a POSIX shell and od, tr, grep, sed, readlink; uses ldconfig and
# the package manager where they are.

usage() {
  cat <<'end'
usage: verify [--root DIR] [--quiet] [--tsv]
  --root DIR  look at the system whose root folder is DIR, instead of this one
  --quiet     print only what is not as it should be
  --tsv       print findings as lines of four fields, separated by tabs: status, subject, text, remedy
Exit status: 0 all is there, 1 something is missing, 2 cannot tell.
end
}
