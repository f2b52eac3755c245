# The parts of the test suite. Each writes a line "passed failed" to a file in $work/counts.

# run_check: types, formatter and linter, as one test.
run_check() {
  heading "Types, format, lint"
  if (cd "$root" && npm run --silent check 9>&-); then
    echo "1 0" >"$work/counts/check"
  else
    echo "0 1" >"$work/counts/check"
  fi
}

# run_nix_style: format and unused names of the Nix code. Its tools are Rust programs, which only a
# machine with a recent cargo can build; elsewhere that is said.
run_nix_style() {
  heading "Format and lint of Nix"
  command -v cargo >/dev/null 2>&1 || {
    note "not checked here: there is no cargo, which builds alejandra and deadnix"
    return 0
  }
  if "$setup/nix-style" 9>&-; then echo "1 0"; else echo "0 1"; fi >"$work/counts/nix-style"
}

# run_jest PROJECT NAME WORKERS [VARIABLE=VALUE...]: one of jest's projects, counted as NAME.
run_jest() {
  jest_project=$1
  jest_name=$2
  jest_workers=$3
  shift 3
  counts=$work/counts/$jest_name
  # Whatever jest may not have counted has failed too.
  (cd "$root" && env VOYAGER_TEST_COUNTS="$counts" "$@" node node_modules/jest/bin/jest.js \
    --selectProjects "$jest_project" --maxWorkers="$jest_workers" --reporters=default --reporters="$setup/lib/count-reporter.mjs" 9>&-) ||
    grep -qs ' [1-9]' "$counts" || echo "0 1" >>"$counts"
}

run_unit() {
  heading "Unit tests"
  run_jest unit unit 100%
}

run_python() {
  heading "Tests of the builders"
  python3 "$setup/lib/count_python.py" "$work/counts/python" "$root/builders" 9>&- ||
    [ -e "$work/counts/python" ] || echo "0 1" >"$work/counts/python"
}

# sum_up: the last line, and whether all is well.
sum_up() {
  printf '\n'
  cat "$work"/counts/* | {
    passed=0
    failed=0
    while read -r p f; do
      passed=$((passed + p))
      failed=$((failed + f))
    done
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
  }
}
