# From a prepared machine to something built.

# build ATTRIBUTE LINK: nix-build of the checkout, with the result at LINK.
build() {
  nix-build "$root" -A "$1" -o "$2" 9>&- >/dev/null ||
    fail "$1 was not built" "nix-build's messages are above" "run '$result/bin/voyager doctor'"
}

# build_helper: the `voyager` command, kept from Nix's garbage collector by the link.
build_helper() {
  result=$root/result-voyager
  doing "fetching what it is made of and compiling it, unless Nix has done so before"
  # Quiet: some 50 packages are fetched, each by its own derivation. Errors are shown.
  nix-build --quiet "$root" -A voyager -o "$result" 9>&- >/dev/null ||
    fail "the helper was not built" "nix-build's messages are above" \
      "a download that failed: check the network, http_proxy and npm_config_registry"
}

# base_image SYSTEM: makes sure that the engine has its base image.
base_image() {
  "$result/bin/voyager" image bootstrap "$1" --unless-available 9>&- ||
    fail "there is no base image of $1" "its messages are above" "run '$result/bin/voyager doctor'"
}
