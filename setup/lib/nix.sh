# Nix: its package, its build users, its store and the settings that our builds need.

# Where the sandbox finds the engine's socket; the "?" lets it be absent.
engine_folder=/run/nix-voyager

# The settings that our builds need, one "name = value" in a line.
needed_settings="sandbox = true
sandbox-fallback = false
extra-system-features = docker
extra-sandbox-paths = $engine_folder?"

# look_for_nix: finds Nix, or wants its package.
look_for_nix() {
  # The official installer's profile is not on root's PATH in every shell.
  for profile in /nix/var/nix/profiles/default/bin "$HOME/.nix-profile/bin"; do
    [ -x "$profile/nix-build" ] && PATH=$PATH:$profile
  done
  if command -v nix-build >/dev/null 2>&1; then
    found "$(nix-build --version)"
  else
    want nix-bin "Nix, which builds everything here"
  fi
  [ -e /etc/ssl/certs/ca-certificates.crt ] || [ -n "${NIX_SSL_CERT_FILE:-}" ] ||
    want ca-certificates "without it no download can be trusted"
}

daemon_socket=/nix/var/nix/daemon-socket/socket

# has_daemon: somebody else runs Nix here, so its users, store and settings are theirs. A socket
# that nobody listens at is no daemon.
has_daemon() {
  [ -S "$daemon_socket" ] &&
    perl -MIO::Socket::UNIX -e 'exit !IO::Socket::UNIX->new(Peer => shift)' "$daemon_socket"
}

# make_build_users: the users that Nix builds as, like Debian's nix-setup-systemd makes them.
make_build_users() {
  getent group nixbld >/dev/null || {
    doing "making the group nixbld, for the users that Nix builds as"
    groupadd --system nixbld
  }
  [ -z "$(getent group nixbld | cut -d: -f4)" ] || return 0
  doing "making the users nixbld1 to nixbld10"
  for number in 1 2 3 4 5 6 7 8 9 10; do
    getent passwd "nixbld$number" >/dev/null ||
      useradd --system --comment "Nix build user $number" --home-dir /var/empty \
        --gid nixbld --groups nixbld --no-user-group \
        --shell "$(command -v nologin || echo /bin/false)" "nixbld$number"
  done
}

# write_settings: only where there are none at all. A Nix that is set up already keeps its
# settings, see pass_settings.
write_settings() {
  [ ! -e /etc/nix/nix.conf ] || return 0
  doing "writing /etc/nix/nix.conf, which did not exist:"
  printf '%s\n' "$needed_settings" | sed 's/^/             /'
  mkdir -p /etc/nix
  {
    echo "# Written by nix-voyager. The last line lets Nix builds reach the broker, which gives them what"
    echo "# they need of the container engine."
    printf '%s\n' "$needed_settings"
  } >/etc/nix/nix.conf
}

# setting NAME: its value in effect; empty if Nix does not know it. `show-config` is the name
# before Nix 2.20.
setting() {
  { nix --extra-experimental-features nix-command config show 2>/dev/null ||
    nix --extra-experimental-features nix-command show-config 2>/dev/null; } |
    sed -n "s/^$1 = //p"
}

# has_word WORD LIST
has_word() {
  case " $2 " in *" $1 "*) return 0 ;; *) return 1 ;; esac
}

# missing_settings: the lines of needed_settings that are not in effect.
missing_settings() {
  [ "$(setting sandbox)" = true ] || echo "sandbox = true"
  [ "$(setting sandbox-fallback)" = false ] || echo "sandbox-fallback = false"
  has_word docker "$(setting system-features)" || echo "extra-system-features = docker"
  paths=$(setting sandbox-paths)
  has_word "$engine_folder" "$paths" || has_word "$engine_folder?" "$paths" ||
    echo "extra-sandbox-paths = $engine_folder?"
}

# pass_settings: gives what is missing to the commands that we run, and to nothing else.
pass_settings() {
  missing=$(missing_settings)
  if [ -n "$missing" ]; then
    note "this Nix has settings of its own (/etc/nix/nix.conf), which stay as they are. For this"
    note "command alone we pass what is missing; for your own builds add to that file:"
    printf '%s\n' "$missing" | sed 's/^/             /'
    add_settings "$missing"
  fi
  # Nothing of this project is in the public binary cache, and asking where there is no way to
  # it costs seconds in each command. A cache that somebody chose is asked.
  grep -qs '^[[:space:]]*\(extra-\)\{0,1\}substituters' /etc/nix/nix.conf "$HOME/.config/nix/nix.conf" ||
    add_settings "substituters ="
}

# add_settings LINES: to the environment of the Nix commands after this.
add_settings() {
  NIX_CONFIG="${NIX_CONFIG:+$NIX_CONFIG
}$1"
  export NIX_CONFIG
}

# prepare_nix: after its package is installed.
prepare_nix() {
  command -v nix-build >/dev/null 2>&1 ||
    fail "there is no nix-build" "the package nix-bin was installed, but is not on PATH" "check PATH: $PATH"
  if has_daemon; then
    found "a running nix-daemon"
    NIX_REMOTE=daemon
    export NIX_REMOTE
  else
    owner=$(stat -c %U /nix/store 2>/dev/null || echo root)
    [ "$owner" = root ] ||
      fail "the Nix store belongs to $owner" "root's Nix would take it from them" \
        "start nix-daemon, or use a machine whose Nix is root's"
    make_build_users
    write_settings
    [ -d /nix/store ] || {
      doing "making the Nix store, /nix"
      mkdir -p -m 0755 /nix
    }
  fi
  pass_settings
}
