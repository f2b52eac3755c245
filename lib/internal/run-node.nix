# A derivation whose builder is a script for Node, which the helper brings along: Nix's sandbox has
# no shell.
{
  # From helper/default.nix; only `command` is read here.
  helper,
  # The platform that builds, as Nix names it.
  nixSystem,
}: let
  inherit (builtins) elemAt genList head length readFile tail;

  # Node's own argument list: that of the helper without the helper.
  node = genList (elemAt helper.command) (length helper.command - 1);
in
  # name: of the derivation; script: a file; attributes: what the script finds as variables.
  name: script: attributes:
    derivation (attributes
      // {
        inherit name;
        system = nixSystem;
        builder = head node;
        args = tail node ++ ["-e" (readFile script)];
        preferLocalBuild = true;
      })
