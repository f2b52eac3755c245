# The container engine, and the socket by which builds in the Nix sandbox reach it.

engine_socket=$engine_folder/engine.sock
engine_log=/var/log/nix-voyager-dockerd.log
engine_pid=$engine_folder/dockerd.pid
forwarder_pid=$engine_folder/forwarder.pid

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

# start_dockerd: where no systemd runs. It listens on a socket for us too, so that nothing has
# to stand between.
start_dockerd() {
  doing "starting the engine in the background: dockerd (log: $engine_log)"
  rm -f "$engine_socket"
  setsid dockerd --pidfile "$engine_pid" -H unix:///var/run/docker.sock -H "unix://$engine_socket" \
    >>"$engine_log" 2>&1 </dev/null 9>&- &
  wait_for_engine unix:///var/run/docker.sock $! || {
    grep -v '^time=[^ ]* level=info' "$engine_log" | tail -n 10 >&2
    fail "the engine did not start" "dockerd ended; what it said is above and in $engine_log" \
      "a container needs --privileged for it; without iptables or cgroups it cannot run"
  }
  engine=unix:///var/run/docker.sock
  give_to_builders
}

# start_engine: if none was found.
start_engine() {
  [ -z "$engine" ] || return 0
  if [ -d /run/systemd/system ]; then start_service; else start_dockerd; fi
}

# give_to_builders: in the sandbox a build has no group but nixbld, so the group docker does not
# help. Only our socket changes hands; the engine's own keeps its owner.
give_to_builders() {
  chgrp nixbld "$engine_socket"
  chmod 0660 "$engine_socket"
}

# start_forwarder: from our socket to an engine that we have not started.
start_forwarder() {
  case $engine in
    unix://*) target=UNIX-CONNECT:${engine#unix://} ;;
    tcp://*) target=TCP:${engine#tcp://} ;;
  esac
  target=${target%/}
  doing "starting socat, which lets builds reach the engine: $engine_socket -> $engine"
  rm -f "$engine_socket"
  # An attached container may be silent for hours after its input has ended: hence -t.
  setsid socat -t 604800 \
    "UNIX-LISTEN:$engine_socket,fork,backlog=256,unlink-early,group=nixbld,mode=660" "$target" \
    >/dev/null 2>&1 </dev/null 9>&- &
  echo $! >"$forwarder_pid"
  wait_for_engine "unix://$engine_socket" $! ||
    fail "builds cannot reach the engine" "socat did not start or gets no answer from $engine" \
      "try: socat - $target"
}

# offer_socket: a socket that answers at $engine_socket.
offer_socket() {
  if [ -S "$engine_socket" ] && ping_engine "unix://$engine_socket" >/dev/null 2>&1; then
    found "the engine's socket for Nix builds, $engine_socket"
  else
    command -v socat >/dev/null 2>&1 || want socat "it lets builds reach an engine that runs already"
    install_wanted
    start_forwarder
  fi
  note "price: any Nix build that uses $engine_socket is as good as root on this machine"
}

# prepare_engine: after its package is installed.
prepare_engine() {
  mkdir -p -m 0755 "$engine_folder"
  start_engine
  offer_socket
}
