# The ways of running Nix that the end-to-end tests are run with:
#   sandbox  the Nix sandbox on, files bound into the container (the default)
#   stream   the same, files streamed
#   classic  the sandbox off and no broker, Nix's build users in the group docker
#   daemon   the sandbox on, an ordinary user asking nix-daemon
# A test knows which by VOYAGER_TEST_PROFILE; for `daemon` it runs Nix as the user nobody.

profiles="sandbox stream classic daemon"

# start_test_broker: one whose policy lets tests make the systems that they need. The one of this machine
# comes back, however the tests end: see undo.
start_test_broker() {
  printf '%s\n' '{ "systems": "any", "lockedPackages": true, "perBuild": { "requestsPerSecond": 200 } }' \
    >"$work/broker.json"
  # Whichever version it is of: the one that comes back is this checkout's.
  had_broker=
  undo_socket=
  ! kill -0 "$(cat "$broker_pid" 2>/dev/null)" 2>/dev/null || had_broker=yes
  start_broker --policy "$work/broker.json"
  # A socket that systemd keeps is no longer at its path.
  undo_broker='
    ! systemctl --quiet is-active nix-voyager-broker.socket 2>/dev/null || undo_socket=yes
    kill -TERM "$(cat "$broker_pid")" 2>/dev/null || :
    rm -f "$broker_pid" "$broker_socket"
    [ -z "$undo_socket" ] || systemctl restart nix-voyager-broker.socket
    [ -z "$had_broker" ] || start_broker'
}

# run_end_to_end NAME [VARIABLE=VALUE...]: one file at a time, as the tests count what is left on the one
# engine that they share.
run_end_to_end() {
  profile_name=$1
  shift
  run_jest end-to-end "$profile_name" 1 "$@"
}

# run_profile NAME
run_profile() {
  heading "End to end, profile $1"
  VOYAGER_TEST_PROFILE=$1
  export VOYAGER_TEST_PROFILE
  "profile_$1"
}

profile_sandbox() { run_end_to_end sandbox; }

profile_stream() { run_end_to_end stream; }

# The group is left again, and our socket is back, however the tests end: see undo.
profile_classic() {
  users=$(getent group nixbld | cut -d: -f4 | tr , ' ')
  left_group=
  for user in $users; do
    has_word docker "$(id -Gn "$user")" && continue
    left_group="$left_group $user"
  done
  doing "putting Nix's build users into the group docker, until the tests end"
  for user in $left_group; do gpasswd -a "$user" docker >/dev/null; done
  undo="$undo
    for user in $left_group; do gpasswd -d \$user docker >/dev/null; done"
  # Else the helper would take the broker.
  mv "$broker_socket" "$broker_socket.aside"
  undo="$undo
    [ ! -S $broker_socket.aside ] || mv $broker_socket.aside $broker_socket"
  run_end_to_end classic "NIX_CONFIG=$NIX_CONFIG
sandbox = false"
  undo_all
}

profile_daemon() {
  setpriv --reuid=nobody --regid=nogroup --clear-groups test -r "$root/default.nix" ||
    fail "the profile 'daemon' cannot be tested" "the user nobody may not read $root" \
      "put the checkout where all users may read it"
  if ! has_daemon; then
    doing "starting nix-daemon, until the tests end"
    setsid nix-daemon >"$work/nix-daemon.log" 2>&1 </dev/null 9>&- &
    undo="$undo
    kill $!
    rm -f $daemon_socket"
    until has_daemon; do
      kill -0 $! || fail "nix-daemon ended" "$(tail -n 3 "$work/nix-daemon.log")" "run nix-daemon by hand"
      sleep 0.1
    done
  fi
  run_end_to_end daemon
  undo_all
}
