#!/bin/sh
# Runs the test script $1 and writes down which libraries its processes load; see README.md beside
# this file. Only what every target has may be used here: a POSIX shell, coreutils, grep.
set -u

script=$1
root=${VOYAGER_BUILD_ROOT:-/build}
observed=$root/.voyager/observed
# Seconds between two looks at all processes.
interval=0.05

# Prints "nix-voyager: $1" and stops. 65 is EX_DATAERR: the input is wrong, not the test.
fail() {
  printf 'nix-voyager: %s\n' "$1" >&2
  exit 65
}

# Prints those of the paths that are wheels, or folders with wheels at their top, one a line.
wheels() {
  for path; do
    for file in "$path" "$path"/*.whl; do
      case $file in *.whl) [ -f "$file" ] && printf '%s\n' "$path" && break ;; esac
    done
  done
}

# Installs wheels where Python and the shell find them.
install_wheels() {
  python=${VOYAGER_TEST_PYTHON:-}
  # shellcheck disable=SC2086 # store paths have no spaces
  # shellcheck disable=SC2154 # the helper sets it
  found="$(wheels $packages) ${VOYAGER_TEST_PYTHON_DEPENDENCIES:-}"
  [ -n "$(printf %s "$found" | tr -d ' \n')" ] || return 0
  [ -n "$python" ] || fail "there are wheels among the packages, but no interpreter; give mkDockerTest the argument 'python'"
  command -v "$python" >/dev/null || fail "the interpreter '$python' is not installed"
  # shellcheck disable=SC2086
  "$python" "$VOYAGER_TEST_INSTALL" "$root/.voyager/python" $found || exit
  PATH=$root/.voyager/python/bin:$PATH
  PYTHONPATH=$root/.voyager/python/site${PYTHONPATH:+:$PYTHONPATH}
  # Where Python writes its caches is no business of the test.
  PYTHONDONTWRITEBYTECODE=${PYTHONDONTWRITEBYTECODE-1}
  export PATH PYTHONPATH PYTHONDONTWRITEBYTECODE
}

# One look: which program each process runs, and the files that it has mapped as code. Processes
# that end meanwhile, or are others' own, are passed over.
look() {
  QUOTING_STYLE=literal stat -c %N /proc/[0-9]*/exe
  grep -sHoE ' r-xp .* /.*' /proc/[0-9]*/maps
}

# Looks until the file "stop" is there, and once more.
watch() {
  while [ ! -e "$observed/stop" ]; do
    look
    sleep "$interval"
  done
  look
}

# Passes on each line once. awk is quick, but not in every base image.
each_once() {
  # shellcheck disable=SC2016
  if command -v awk >/dev/null; then awk '!seen[$0]++'; else sort -u; fi
}

install_wheels
mkdir -p "$observed"
export junit="$root/junit.xml"
observe=${VOYAGER_TEST_OBSERVE:-loader}
keep_failed=${VOYAGER_TEST_KEEP_FAILED:-}
unset VOYAGER_RUNNER VOYAGER_TEST_OBSERVE VOYAGER_TEST_KEEP_FAILED VOYAGER_TEST_PYTHON VOYAGER_TEST_PYTHON_DEPENDENCIES VOYAGER_TEST_INSTALL

watch 2>/dev/null | each_once >"$observed/maps" 2>/dev/null &
watcher=$!
# "scopes" writes while a library is loaded and never later: "files" would write when a process
# ends, too, to a descriptor that the program may have taken for something else by then.
if [ "$observe" = loader ]; then
  LD_DEBUG=scopes LD_DEBUG_OUTPUT=$observed/ld bash -e -o pipefail "$script"
else
  bash -e -o pipefail "$script"
fi
status=$?
: >"$observed/stop"
wait "$watcher"
# The helper looks at what a script has left only if it succeeds. So a failure that is to be kept is
# told in a file.
if [ -n "$keep_failed" ] && [ "$status" -ne 0 ]; then
  printf '%s\n' "$status" >"$root/.voyager/test-status"
  exit 0
fi
exit "$status"
