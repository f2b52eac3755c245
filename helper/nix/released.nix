# What a release has beside the files of a checkout, in helper/compiled: the helper, compiled, its hash, and
# the lock file, which npm never packs. ./compiled.mjs makes it; ../pack.mjs and ../../channel.nix put it there.
#
# Where there is a package-lock.json, it is a checkout, and what may lie in helper/compiled is of
# another day.
let
  inherit (builtins) path pathExists readFile;
  compiled = ../compiled;
  inCheckout = ../../package-lock.json;
  isRelease = !(pathExists inCheckout);
  # Of the helper for a platform, written when all of it is there.
  hash = nixSystem: compiled + "/${nixSystem}.hash";
in {
  # Whether the helper is there for a platform.
  has = nixSystem: isRelease && pathExists (hash nixSystem);
  # The helper for it: a store path, as that which is compiled from source.
  bundle = nixSystem:
    path {
      name = "nix-voyager-helper";
      path = compiled + "/${nixSystem}";
      # So Nix does not read it all in each evaluation, once it has it.
      sha256 = readFile (hash nixSystem);
    };
  lock =
    if isRelease
    then compiled + "/lock.json"
    else inCheckout;
}
