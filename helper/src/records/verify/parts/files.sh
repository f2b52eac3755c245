# shellcheck shell=sh disable=SC2034,SC2154 # variables of the other parts
# Files of the target.

# Sets `inside` to a path of the target with links followed, and `real` to where that is here.
# A link of the target leads to a place in the target, wherever its root folder is.
resolve() {
  rest=$1 inside='' hops=0
  while [ -n "$rest" ]; do
    part=${rest%%/*}
    rest=${rest#"$part"} rest=${rest#/}
    case $part in
      '' | .) ;;
      ..) inside=${inside%/*} ;;
      *)
        if [ -L "$root$inside/$part" ]; then
          hops=$((hops + 1))
          link=$(readlink "$root$inside/$part") || link=
          if [ -z "$link" ] || [ "$hops" -gt 40 ]; then
            real='' inside=''
            return 1
          fi
          case $link in /*) inside= ;; esac
          rest=$link/$rest
        else
          inside=$inside/$part
        fi
        ;;
    esac
  done
  real=$root$inside
}

# Sets `elf` to class and machine of a file here ("64 62"), to nothing if it is no ELF file.
read_elf() {
  elf=''
  # Nobody waits for a pipe or a device that has a library's name.
  [ -f "$1" ] || return 1
  # shellcheck disable=SC2046 # twenty bytes, each a word
  set -- $(od -An -v -tx1 -N20 "$1" 2>/dev/null)
  if [ $# -ne 20 ] || [ "$1$2$3$4" != 7f454c46 ]; then return 1; fi
  case $5 in
    01) class=32 ;;
    02) class=64 ;;
    *) return 1 ;;
  esac
  case $6 in
    01) elf="$class $((0x${20}${19}))" ;;
    02) elf="$class $((0x${19}${20}))" ;;
    *) return 1 ;;
  esac
}
