# Packages of this machine's own distribution.

# Lines "package: reason" of what is to be installed.
wanted_packages=

# want PACKAGE REASON: it will be installed by install_wanted.
want() {
  wanted_packages="$wanted_packages$1: $2
"
}

apt_index_is_new=

# update_index: once in a run. Without Error-Mode, apt-get exits 0 when an index could not be had.
update_index() {
  [ -z "$apt_index_is_new" ] || return 0
  command -v apt-get >/dev/null 2>&1 ||
    fail "packages cannot be installed" "there is no apt-get: this is not Debian or a system like it" \
      "install Nix, Docker and mmdebstrap by hand and run this again"
  apt_quietly update -o APT::Update::Error-Mode=any
  apt_index_is_new=yes
}

# apt_quietly ARGUMENT...: apt-get without questions; its output is shown only if it fails.
apt_quietly() {
  apt_log=$(mktemp)
  if ! DEBIAN_FRONTEND=noninteractive apt-get -y -q "$@" >"$apt_log" 2>&1 </dev/null 9>&-; then
    tail -n 20 "$apt_log" >&2
    rm -f "$apt_log"
    fail "apt-get $1 failed" "its last lines are above" \
      "check the network, the proxy (http_proxy) and /etc/apt, then run this again"
  fi
  rm -f "$apt_log"
}

# install_wanted: says what will be installed and why, and installs it.
install_wanted() {
  [ -n "$wanted_packages" ] || return 0
  printf '%s' "$wanted_packages" | while IFS= read -r line; do
    doing "installing Debian's $line"
  done
  update_index
  # A policy-rc.d or a missing systemd may keep services from starting: engine.sh sees to that.
  # shellcheck disable=SC2046 # one word for each package
  apt_quietly install --no-install-recommends $(printf '%s' "$wanted_packages" | sed 's/:.*//')
  wanted_packages=
}
