# The broker, by which builds in the Nix sandbox reach the engine: docs/broker.md.

broker_socket=$engine_folder/broker.sock
broker_pid=$engine_folder/broker.pid
broker_log=/var/log/nix-voyager-broker.log

# broker_runs COMMAND...: whether the one that we started runs, and is this one.
broker_runs() {
  [ -S "$broker_socket" ] && [ -s "$broker_pid" ] || return 1
  # The command is a script that becomes Node.
  helper=$(sed -n 's/^exec \(.*\) "\$@"$/\1/p' "$1" | tr -d "'" | tr ' ' '\n' | tail -n 1)
  tr '\0' '\n' <"/proc/$(cat "$broker_pid")/cmdline" 2>/dev/null | grep -qxF "$helper"
}

# offer_broker: one that serves builds of this machine, started by us unless it runs. Where systemd
# runs a broker already, that one stays.
offer_broker() {
  if [ -d /run/systemd/system ] && systemctl --quiet is-active nix-voyager-broker 2>/dev/null; then
    found "the broker, run by systemd"
    return 0
  fi
  if broker_runs "$result/bin/voyager"; then
    found "the broker, $broker_socket"
    return 0
  fi
  start_broker
}

# start_broker OPTION...: takes the place of one that runs, which ends when its builds have.
start_broker() {
  before=$(cat "$broker_pid" 2>/dev/null || :)
  doing "starting the broker in the background: voyager broker (log: $broker_log)"
  mkdir -p -m 0755 "$engine_folder"
  # What older versions let builds use, which gave them all of the engine.
  rm -f "$engine_folder/engine.sock"
  listening=$(stat -c %i "$broker_socket" 2>/dev/null || :)
  setsid "$result/bin/voyager" --engine "$engine" broker "$@" >>"$broker_log" 2>&1 </dev/null 9>&- &
  echo $! >"$broker_pid"
  tries=0
  until [ -S "$broker_socket" ] && [ "$(stat -c %i "$broker_socket")" != "$listening" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] && kill -0 $! 2>/dev/null ||
      fail "the broker did not start" "$(tail -n 5 "$broker_log")" "docs/broker.md; try: $result/bin/voyager broker"
    sleep 0.1
  done
  [ -z "$before" ] || kill -TERM "$before" 2>/dev/null || :
}
