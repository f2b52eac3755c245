# show_result LINK: what was built.
show_result() {
  heading "Built"
  printf '   %s\n' "$(readlink -f "$1")"
  find -L "$1" -type f | sort | while IFS= read -r file; do
    printf '   %10s bytes  %s\n' "$(wc -c <"$file")" "${file#"$1"/}"
  done
  heading "What it links to"
  "$result/bin/voyager" linkage "$1" | sed 's/^/   /'
}
