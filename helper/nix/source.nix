# What the helper is compiled from, as one file of the store; ./compile.mjs takes it apart. As folders it took
# Nix a third more of a whole `nix-build` with nothing to do: adding one costs it 60 µs for each file, however small
# (Nix 2.8 clears 64 KiB of memory for each piece of an archive, and a file is some thirty). `nix-instantiate --eval`
# does not show that: it adds nothing.
#
# Only what goes into the bundle is in it, so that an edit elsewhere does not compile it anew.
let
  inherit (builtins) attrNames concatMap concatStringsSep readDir readFile stringLength substring toFile toString;

  root = ../..;
  isTest = path: substring (stringLength path - 8) 8 path == ".test.ts";

  filesBelow = folder: let
    entries = readDir (root + "/${folder}");
  in
    concatMap (name: let
      path = "${folder}/${name}";
    in
      if entries.${name} == "directory"
      then filesBelow path
      # What an editor leaves may be no text, which alone `readFile` takes.
      else if entries.${name} != "regular" || isTest path || substring 0 1 name == "."
      then []
      else [path]) (attrNames entries);

  files = filesBelow "helper/src" ++ filesBelow "helper/bundle" ++ ["helper/bundle.mjs" "package.json" "tsconfig.json"];
  # A line with a file's path and length, then the file. As JSON it would take Nix as long as all the rest, and
  # put together for each file it would be copied once more.
  parts = path: let
    content = readFile (root + "/${path}");
  in [path " " (toString (stringLength content)) "\n" content];
in
  toFile "nix-voyager-helper-source" (concatStringsSep "" (concatMap parts files))
