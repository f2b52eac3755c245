# The container engine.

engine_log=/var/log/nix-voyager-dockerd.log
engine_pid=$engine_folder/dockerd.pid

# ping_engine ADDRESS: prints the version of the engine there.
ping_engine() { perl "$setup/lib/ping-engine.pl" "$1"; }

# look_for_engine: sets `engine` to the address of one that runs, or to nothing. A `docker`
# command alone says nothing: it may be only a client.
look_for_engine() {
  engine=
  if [ -n "${DOCKER_HOST:-}" ]; then
    why=$(ping_engine "$DOCKER_HOST" 2>&1) ||
      fail "no engine at $DOCKER_HOST" "DOCKER_HOST names it; $why" "start it, or unset DOCKER_HOST"
    engine=$DOCKER_HOST
  elif [ -S /var/run/docker.sock ] && why=$(ping_engine unix:///var/run/docker.sock 2>/dev/null); then
    engine=unix:///var/run/docker.sock
  fi
  if [ -n "$engine" ]; then
    found "an engine, version $why, at $engine"
  elif ! command -v dockerd >/dev/null 2>&1; then
    want docker.io "the container engine"
  fi
}

# wait_for_engine ADDRESS PID: until it answers, a minute at most, or the process has ended.
wait_for_engine() {
  tries=0
  until ping_engine "$1" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 240 ] || return 1
    [ -z "$2" ] || kill -0 "$2" 2>/dev/null || return 1
    sleep 0.25
  done
}

# start_service: where systemd runs, the engine is its business.
start_service() {
  doing "starting the engine: systemctl start docker"
  systemctl start docker && wait_for_engine unix:///var/run/docker.sock "" ||
    fail "the engine did not start" "systemctl start docker failed" "see: journalctl -u docker"
  engine=unix:///var/run/docker.sock
}

# start_dockerd: where no systemd runs.
start_dockerd() {
  doing "starting the engine in the background: dockerd (log: $engine_log)"
  setsid dockerd --pidfile "$engine_pid" -H unix:///var/run/docker.sock >>"$engine_log" 2>&1 </dev/null 9>&- &
  wait_for_engine unix:///var/run/docker.sock $! || {
    grep -v '^time=[^ ]* level=info' "$engine_log" | tail -n 10 >&2
    fail "the engine did not start" "dockerd ended; what it said is above and in $engine_log" \
      "a container needs --privileged for it; without iptables or cgroups it cannot run"
  }
  engine=unix:///var/run/docker.sock
}

# start_engine: if none was found.
start_engine() {
  [ -z "$engine" ] || return 0
  if [ -d /run/systemd/system ]; then start_service; else start_dockerd; fi
}

# prepare_engine: after its package is installed.
prepare_engine() {
  mkdir -p -m 0755 "$engine_folder"
  start_engine
}
