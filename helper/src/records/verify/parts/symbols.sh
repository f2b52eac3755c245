# shellcheck shell=sh disable=SC2034,SC2154 # variables of the other parts
# Symbol versions.

# check_versions FILE VERSION…: sets `absent` to those that the library has not, `doubtful` to those
# that are there only as the end of a longer name.
check_versions() {
  library=$1 absent='' doubtful=''
  shift
  [ $# -gt 0 ] || return 0
  strings=$(for version in "$@"; do set -- "$@" -e "$version"; shift; done
    names_in "$library" | grep -F -x "$@")
  for version in "$@"; do
    case $nl$strings$nl in
      *"$nl$version$nl"*) ;;
      *)
        # A linker may keep "FOO_1" as the end of "LIBFOO_1".
        if ends_in "$library" "$version"; then doubtful="$doubtful $version"
        else absent="$absent $version"; fi
        ;;
    esac
  done
}

# The strings that end in a NUL, one a line.
names_in() {
  tr -cd '\000\040-\176' <"$1" | tr '\000' '\n'
}

ends_in() {
  names_in "$1" | grep -F -e "$2" | while read -r name; do
    case $name in *"$2") echo yes ;; esac
  done | grep -q yes
}
