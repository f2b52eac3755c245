# shellcheck shell=sh disable=SC2034,SC2154 # variables of the other parts
# The whole.

main() {
  # Words are split, never names of files; bytes are bytes.
  set -fu
  LC_ALL=C
  export LC_ALL
  root='' quiet=no tsv=no
  while [ $# -gt 0 ]; do
    case $1 in
      --root)
        if [ $# -lt 2 ] || [ ! -d "$2" ]; then
          echo "verify: --root wants a folder" >&2
          return 2
        fi
        root=${2%/}
        shift
        ;;
      --quiet) quiet=yes ;;
      --tsv) tsv=yes ;;
      --help)
        usage
        return 0
        ;;
      *)
        usage >&2
        return 2
        ;;
    esac
    shift
  done
  tab=$(printf '\t')
  nl='
'
  for tool in od tr grep sed readlink; do
    command -v "$tool" >/dev/null && continue
    echo "verify: cannot tell: there is no program $tool here" >&2
    return 2
  done
  installed='' built_on='' built_family='' remedy=''
  read_cache
  read_configuration
  find_musl
  find_manager
  delivery
  if [ "$missing" -gt 0 ]; then verdict="$missing missing" status=1
  elif [ "$unknown" -gt 0 ]; then verdict="cannot tell of $unknown" status=2
  else verdict='all that the compiled files need is there' status=0; fi
  [ "$tsv" = yes ] || printf '%s\n' "$verdict"
  return "$status"
}
