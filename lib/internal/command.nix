# The `voyager` command for people: bin/voyager, and in share/nix-voyager what it knows of the
# library: systems.json, the `spec` of every system by name, and pypi.json, what it asks a package
# index with.
{
  helper,
  lib,
  nixSystem,
}: let
  inherit (builtins) concatStringsSep mapAttrs replaceStrings toJSON;

  runNode = import ./run-node.nix {inherit helper nixSystem;};
  quote = word: "'${replaceStrings ["'"] ["'\\''"] word}'";
  drv = runNode "nix-voyager" ./command.js {
    command = concatStringsSep " " (map quote helper.command);
    systems = toJSON (mapAttrs (_: system: system.spec) lib.systems);
    pypi = toJSON {
      builder = import ./folder.nix "pypi";
      packages = mapAttrs (_: system: system.packages.pypi) lib.systems;
    };
  };
in
  drv
  // {
    meta = {
      description = "Builds that link against the operating system's own libraries: the command";
      mainProgram = "voyager";
    };
  }
