# A derivation that a program on this machine makes without an engine. It is run by its name and
# arguments alone: Nix's sandbox has no shell.
{
  # The argument list that starts the program, such as the helper's `command` or `node`.
  command,
  # The platform that builds, as Nix names it.
  nixSystem,
}: let
  inherit (builtins) head tail;
in
  # name:       of the derivation.
  # arguments:  what the program gets behind those of `command`.
  # attributes: of the derivation, beside these.
  name: arguments: attributes:
    derivation (attributes
      // {
        inherit name;
        system = nixSystem;
        builder = head command;
        args = tail command ++ arguments;
        preferLocalBuild = true;
      })
