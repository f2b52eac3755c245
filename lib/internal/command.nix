# The `voyager` command for people: bin/voyager, completions for shells, voyager(1), and in
# share/nix-voyager what it knows of the library: systems.json, the `spec` of every system by name, and
# pypi.json, what it asks a package index with.
{
  # From helper/default.nix: `command` and `node`, the argument lists that start the helper and Node.
  helper,
  # The library: what ../default.nix returns.
  lib,
  # The platform that builds, as Nix names it.
  nixSystem,
}: let
  inherit (builtins) mapAttrs readFile toJSON;

  runNode = import ./run.nix {
    inherit nixSystem;
    command = helper.node;
  };
  drv = runNode "nix-voyager" ["-e" (readFile ./command.js)] {
    helper = toJSON helper.command;
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
      license.shortName = "Apache-2.0";
      platforms = [nixSystem];
      mainProgram = "voyager";
    };
  }
