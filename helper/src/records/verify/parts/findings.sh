# shellcheck shell=sh disable=SC2034,SC2154 # variables of the other parts
# Findings.

missing=0
unknown=0

# finding STATUS SUBJECT TEXT [REMEDY], where STATUS is ok, missing, unknown or note
finding() {
  case $1 in
    missing) missing=$((missing + 1)) mark=MISSING ;;
    unknown) unknown=$((unknown + 1)) mark=UNKNOWN ;;
    *) mark=$1 ;;
  esac
  if [ "$tsv" = yes ]; then
    printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "${4-}"
  elif [ "$quiet" = no ] || [ "$mark" != "$1" ]; then
    printf '%-7s  %s: %s\n' "$mark" "$2" "$3"
    [ -z "${4-}" ] || printf '         remedy: %s\n' "$4"
  fi
}
