# What the helper is compiled from, as one file of the store; ./compile.mjs takes it apart. As a folder it took
# Nix a third of a whole `nix-build` with nothing to do: adding one costs it 40 µs for each file, however small.
#
# Only what goes into the bundle is in it, so that an edit elsewhere does not compile it anew.
let
  inherit (builtins) attrNames concatMap concatStringsSep readDir readFile stringLength substring toFile;

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
      else if isTest path
      then []
      else [path]) (attrNames entries);

  files = filesBelow "helper/src" ++ filesBelow "helper/bundle" ++ ["helper/bundle.mjs" "package.json" "tsconfig.json"];
  # A line with a file's path and length, then the file. As JSON it would take Nix as long as all the rest.
  part = path: let
    content = readFile (root + "/${path}");
  in "${path} ${toString (stringLength content)}\n${content}";
in
  toFile "nix-voyager-helper-source" (concatStringsSep "" (map part files))
