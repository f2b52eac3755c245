# The npm registry that the helper's dependencies come from. No address is written in this
# project: helper/nix/registry.nix takes what the machine says. A machine without npm says
# nothing; there the default is read from Debian's npm package, of which nothing is installed:
# it would bring some 390 packages for one line.

registry_file=/etc/nix-voyager/npmrc

# known_registry: prints the address, or nothing.
known_registry() {
  nix-instantiate --eval "$root/helper/nix/registry.nix" --arg npmRegistry null --arg pkgs null 2>/dev/null |
    sed -n 's/^"\(.*\)"$/\1/p'
}

# prepare_registry: makes sure that there is one.
prepare_registry() {
  address=$(known_registry)
  if [ -n "$address" ]; then
    # An address may hold a password.
    found "the npm registry $(printf %s "$address" | sed 's|//[^/@]*@|//|')"
    return
  fi
  doing "reading npm's default registry from Debian's npm package into $registry_file"
  update_index
  folder=$(mktemp -d)
  # The user that apt downloads as must be able to write there.
  chmod 0755 "$folder"
  (cd "$folder" && apt_quietly download -o APT::Sandbox::User=root npm)
  address=$(dpkg-deb --fsys-tarfile "$folder"/npm_*.deb |
    tar -xO --wildcards './usr/share/nodejs/npm/*/npm-registry-fetch/lib/default-opts.js' 2>/dev/null |
    sed -n "s/.*registry: '\([^']*\)'.*/\1/p")
  rm -rf "$folder"
  [ -n "$address" ] ||
    fail "the npm registry is not known" "Debian's npm package does not name one where it used to" \
      "set npm_config_registry, or write 'registry=ADDRESS' to $registry_file"
  mkdir -p "${registry_file%/*}"
  printf '# Written by nix-voyager: the default of npm.\nregistry=%s\n' "$address" >"$registry_file"
}
