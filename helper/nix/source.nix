# What the helper is compiled from, as paths of the store: where a checkout has it → the store's path.
# ./compile.mjs puts them together.
#
# Only what goes into the bundle is in it, so that an edit elsewhere does not compile it anew. Nix reads all of it
# in each evaluation: as text of one file, which the expressions read, that took it twice as long.
let
  inherit (builtins) path stringLength substring;

  isTest = file: substring (stringLength file - 8) 8 file == ".test.ts";
in {
  "helper/src" = path {
    name = "nix-voyager-helper-src";
    path = ../src;
    filter = file: _: !(isTest file);
  };
  "helper/bundle" = path {
    name = "nix-voyager-helper-bundle";
    path = ../bundle;
  };
  "helper/bundle.mjs" = ../bundle.mjs;
  "package.json" = ../../package.json;
  "tsconfig.json" = ../../tsconfig.json;
}
