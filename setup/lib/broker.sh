# The broker, by which builds in the Nix sandbox reach the engine: docs/broker.md.

broker_socket=$engine_folder/broker.sock
broker_pid=$engine_folder/broker.pid
broker_log=/var/log/nix-voyager-broker.log

# broker_runs COMMAND: whether the one that we started runs, and is this one.
broker_runs() {
  [ -S "$broker_socket" ] && [ -s "$broker_pid" ] || return 1
  # The command is a script that becomes Node.
  helper=$(sed -n 's/^exec \(.*\) "\$@"$/\1/p' "$1" | tr -d "'" | tr ' ' '\n' | tail -n 1)
  broker_words "$(cat "$broker_pid")" | grep -qxF "$helper"
}

# broker_words PID: the words of that process's command line, if it is a broker's.
broker_words() {
  [ -r "/proc/$1/cmdline" ] || return 0
  words=$(tr '\0' '\n' <"/proc/$1/cmdline")
  ! printf '%s\n' "$words" | grep -qx broker || printf '%s\n' "$words"
}

# offer_broker: one that serves builds of this machine, started by us unless it runs. Where systemd
# runs a broker already, that one stays.
offer_broker() {
  if [ -d /run/systemd/system ] && systemctl --quiet is-active nix-voyager-broker.service nix-voyager-broker.socket 2>/dev/null; then
    found "the broker, run by systemd"
    return 0
  fi
  if broker_runs "$result/bin/voyager"; then
    found "the broker, $broker_socket"
    return 0
  fi
  if broker_words "$(cat "$broker_pid" 2>/dev/null)" | grep -qxE -e '--(policy|trail|systems|mounts)'; then
    found "a broker of another version, with options of its own (pid $(cat "$broker_pid")): it stays"
    return 0
  fi
  start_broker
}

# start_broker OPTION...: takes the place of one that runs, which ends when its builds have.
start_broker() {
  before=$(cat "$broker_pid" 2>/dev/null || :)
  logged=$({ wc -l <"$broker_log"; } 2>/dev/null || echo 0)
  doing "starting the broker in the background: voyager broker (log: $broker_log)"
  mkdir -p -m 0755 "$engine_folder"
  # A build must not find the engine's own socket beside the broker's.
  rm -f "$engine_folder/engine.sock"
  listening=$(stat -c %i "$broker_socket" 2>/dev/null || :)
  setsid "$result/bin/voyager" --engine "$engine" broker "$@" >>"$broker_log" 2>&1 </dev/null 9>&- &
  tries=0
  until [ -S "$broker_socket" ] && [ "$(stat -c %i "$broker_socket")" != "$listening" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] && kill -0 $! 2>/dev/null ||
      fail "the broker did not start" "$(tail -n "+$((logged + 1))" "$broker_log" | tail -n 5)" "docs/broker.md; try: $result/bin/voyager broker"
    sleep 0.1
  done
  [ -z "$(broker_words "$before")" ] || kill -TERM "$before" 2>/dev/null || :
}
