# nix-voyager. What users import: `(import ./. { }).lib`.
{
  # Nixpkgs, to take Node from; null: the embedded runtime.
  pkgs ? null,
  # The embedded runtime, ready made: a folder or store path that holds Node. Where evaluation
  # is restricted (Hydra) and there is no nixpkgs, an input can be given here. null: made here.
  runtime ? null,
  # The npm registry that the helper's dependencies come from; null: what this machine's npm is set
  # to use.
  npmRegistry ? null,
  # The platform that builds, as Nix names it.
  nixSystem ?
    if pkgs == null
    then builtins.currentSystem
    else pkgs.stdenv.hostPlatform.system,
  # CA bundle to trust for downloads, a PEM file; null: what this machine's settings say.
  certificates ? null,
}: let
  helper = import ./helper {inherit nixSystem npmRegistry pkgs runtime;};
  lib = import ./lib {inherit certificates helper nixSystem;};
  examples = import ./examples {voyager = {inherit lib;};};
  inherit (builtins.fromJSON (builtins.readFile ./package.json)) version;
in {
  inherit examples helper lib version;

  # The `voyager` command, and what it knows of systems.
  voyager = import ./lib/internal/command.nix {inherit helper lib nixSystem;};

  # nix-voyager itself as a channel, with the helper compiled: nixexprs.tar.xz.
  channel = import ./channel.nix {inherit helper lib version;};

  # What the README builds first.
  bcryptWheel = examples.bcrypt;
}
