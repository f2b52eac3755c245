# Root is needed to install packages, to start an engine and to own /nix.

# become_root SCRIPT ARGUMENT...: returns if we are root, else runs SCRIPT again with sudo.
become_root() {
  [ "$(id -u)" -eq 0 ] && return 0
  command -v sudo >/dev/null 2>&1 ||
    fail "root is needed" "packages are installed and services are started, and there is no sudo" "run it as root"
  note "root is needed: running again with sudo"
  # Asks nothing: a command that waits for a password in a script hangs for ever.
  sudo -n true 2>/dev/null ||
    fail "sudo wants a password" "this command asks no questions" "run 'sudo -v' first, or run it as root"
  exec sudo -n env "HOME=$HOME" "PATH=$PATH" \
    ${DOCKER_HOST:+"DOCKER_HOST=$DOCKER_HOST"} ${NIX_CONFIG:+"NIX_CONFIG=$NIX_CONFIG"} \
    ${npm_config_registry:+"npm_config_registry=$npm_config_registry"} \
    ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"} \
    ${no_proxy:+"no_proxy=$no_proxy"} ${NIX_SSL_CERT_FILE:+"NIX_SSL_CERT_FILE=$NIX_SSL_CERT_FILE"} \
    "$@"
}

# one_at_a_time: waits until no other of our commands prepares this machine. The lock is file
# descriptor 9, which a background process must close (9>&-), or it holds the lock for ever.
one_at_a_time() {
  exec 9>/run/nix-voyager-setup.lock
  flock -n 9 && return 0
  note "another of these commands is at work: waiting for it"
  flock 9
}

# Debian's /usr/sbin is not on everyone's PATH.
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin
export PATH
