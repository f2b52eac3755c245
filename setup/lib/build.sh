# From a prepared machine to something built.

# build ATTRIBUTE LINK: nix-build of the checkout, with the result at LINK.
build() {
  nix-build "$root" -A "$1" -o "$2" 9>&- >/dev/null ||
    fail "$1 was not built" "nix-build's messages are above" "run '$result/bin/voyager doctor'"
}

# build_helper: the `voyager` command, kept from Nix's garbage collector by the link.
build_helper() {
  keep_runtime
  result=$root/result-voyager
  doing "fetching what it is made of and compiling it, unless Nix has done so before"
  # Quiet: some 50 packages are fetched, each by its own derivation. Errors are shown.
  nix-build --quiet "$root" -A voyager -o "$result" 9>&- >/dev/null ||
    fail "the helper was not built" "nix-build's messages are above" \
      "a download that failed: check the network, http_proxy and npm_config_registry"
}

# keep_runtime: the embedded runtime is made of this machine's C library. Kept at a fixed place, it
# stays as it is when that library is patched, and so does every derivation.
keep_runtime() {
  kept=/etc/nix-voyager/runtime
  [ -e "$kept" ] || rm -f "$kept" # of a store that is gone
  mkdir -p "${kept%/*}" # else there is no readlink of what is not there yet
  case $(nix-instantiate --eval "$root" -A helper.command.0 2>/dev/null) in
    "\"$(readlink -f "$kept")/"*) found "the embedded runtime, $kept" ;;
    *)
      doing "keeping the embedded runtime for all later builds: $kept"
      nix-build --quiet "$root" -A helper.runtime -o "$kept" 9>&- >/dev/null ||
        fail "the embedded runtime was not made" "nix-build's messages are above" "check the network"
      ;;
  esac
}

# base_image SYSTEM: makes sure that the engine has its base image.
base_image() {
  "$result/bin/voyager" image bootstrap "$1" --unless-available 9>&- ||
    fail "there is no base image of $1" "its messages are above" "run '$result/bin/voyager doctor'"
}
