# The tools of development: Node and npm of this machine if they are recent, else the embedded runtime
# and an npm that Nix fetches; and what the tests run.

# at_least VERSION MINIMUM
at_least() { [ "$(printf '%s\n' "$2" "${1#v}" | sort -V | head -n 1)" = "$2" ]; }

# prepare_node: puts `node` and `npm` first on PATH.
prepare_node() {
  if command -v node >/dev/null 2>&1 && at_least "$(node --version)" 20.19 &&
    command -v npm >/dev/null 2>&1 && at_least "$(npm --version 2>/dev/null)" 9; then
    found "node $(node --version) and npm $(npm --version 2>/dev/null)"
    return
  fi
  doing "taking Node and npm from the Nix store, as this machine's are absent or too old"
  keep_runtime
  runtime=$kept
  npm=$(nix-build --quiet "$setup/npm.nix" -o "$root/result-npm" 9>&-) ||
    fail "there is no Node to test with" "nix-build's messages are above" "check the network"
  mkdir "$work/bin"
  ln -s "$runtime/bin/node" "$work/bin/node"
  for tool in npm npx; do
    printf '#!/bin/sh\nexec node %s/package/bin/%s-cli.js "$@"\n' "$npm" "$tool" >"$work/bin/$tool"
    chmod +x "$work/bin/$tool"
  done
  PATH=$work/bin:$PATH
}

# install_dependencies: in the checkout, if they are not what package-lock.json says.
install_dependencies() {
  if [ -e "$root/node_modules/.package-lock.json" ] &&
    [ -z "$(find "$root/package-lock.json" -newer "$root/node_modules/.package-lock.json")" ]; then
    found "the tools of development in node_modules"
    return
  fi
  doing "installing the tools of development into node_modules (npm install)"
  # Not `npm ci`: that refuses the lock file where a registry has not all the packages for other
  # platforms. This installs the same versions and checks the same hashes, and saves nothing.
  # Node knows only its own certificates, but a company's proxy may need the machine's.
  (cd "$root" &&
    npm_config_registry=$(known_registry) \
      NODE_EXTRA_CA_CERTS=${NODE_EXTRA_CA_CERTS:-/etc/ssl/certs/ca-certificates.crt} \
      npm install --no-save --ignore-scripts --no-audit --no-fund --loglevel=error 9>&-) ||
    fail "npm install failed" "its messages are above" "check the network, https_proxy and npm_config_registry"
}

# look_for_test_tools: what the tests of the builders run, as a build's container would, and the engines that
# tests/engines starts.
look_for_test_tools() {
  for module in packaging pip venv; do
    python3 -c "import $module" 2>/dev/null || want "python3-$module" "the tests of the builders use it"
  done
  for pair in xz:xz-utils bzip2:bzip2 zstd:zstd unzip:unzip patch:patch gpg:gpg gpg-agent:gpg-agent \
    objdump:binutils gcc:gcc openssl:openssl faketime:faketime podman:podman newuidmap:uidmap slirp4netns:slirp4netns \
    catatonit:catatonit rootlesskit:rootlesskit ssh:openssh-client ip:iproute2; do
    command -v "${pair%:*}" >/dev/null 2>&1 || want "${pair#*:}" "the tests use its command ${pair%:*}"
  done
  [ -e /usr/include/stdio.h ] || want libc6-dev "the tests compile programs with it"
  look_for_sshd
  # The names that tests/support/browser.ts knows.
  command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1 ||
    command -v google-chrome >/dev/null 2>&1 || want chromium "the tests look at linkage.html with it"
}

# look_for_sshd: the machines of tests/remote.test.ts run it, in networks of their own. Where its package comes
# for them alone, this machine does not start to listen.
look_for_sshd() {
  [ ! -x /usr/sbin/sshd ] || return 0
  want openssh-server "the tests of remote builders run its sshd, in networks of their own"
  [ ! -d /run/systemd/system ] || {
    doing "keeping that sshd from serving this machine itself (to undo: systemctl unmask ssh.service ssh.socket)"
    systemctl --quiet mask ssh.service ssh.socket
  }
}

# prepare_docker_command: the tests look at the engine with it; Debian 13 has it in a package of its own.
prepare_docker_command() {
  command -v docker >/dev/null 2>&1 && return 0
  update_index
  client=docker-cli
  apt-cache show "$client" >/dev/null 2>&1 || client=docker.io
  want "$client" "the tests look at the engine with its command"
  install_wanted
}
