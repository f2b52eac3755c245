# The `voyager` command for people: bin/voyager, and share/nix-voyager/systems.json with the
# `spec` of every system of the library, by name.
{
  helper,
  lib,
  nixSystem,
}: let
  inherit (builtins) concatStringsSep elemAt genList head length mapAttrs replaceStrings tail toJSON;

  # Node's own argument list: that of the helper without the helper.
  node = genList (elemAt helper.command) (length helper.command - 1);

  quote = word: "'${replaceStrings ["'"] ["'\\''"] word}'";
  drv = derivation {
    name = "nix-voyager";
    system = nixSystem;
    builder = head node;
    # Nix's sandbox has no shell, so Node writes the files.
    args = tail node ++ ["-e" (builtins.readFile ./command.js)];
    command = concatStringsSep " " (map quote helper.command);
    systems = toJSON (mapAttrs (_: system: system.spec) lib.systems);
  };
in
  drv
  // {
    meta = {
      description = "Builds that link against the operating system's own libraries: the command";
      mainProgram = "voyager";
    };
  }
