# The `voyager` command for people: bin/voyager, share/nix-voyager/systems.json with the `spec` of
# every system of the library, by name, completions for shells, and voyager(1).
{
  helper,
  lib,
  nixSystem,
}: let
  inherit (builtins) elemAt genList head length mapAttrs tail toJSON;

  # Node's own argument list: that of the helper without the helper.
  node = genList (elemAt helper.command) (length helper.command - 1);

  drv = derivation {
    name = "nix-voyager";
    system = nixSystem;
    builder = head node;
    # Nix's sandbox has no shell, so Node writes the files.
    args = tail node ++ ["-e" (builtins.readFile ./command.js)];
    helper = toJSON helper.command;
    systems = toJSON (mapAttrs (_: system: system.spec) lib.systems);
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
