# The Hydra jobset. Hydra's evaluation may read only the jobset's inputs, so Node comes from one
# of them: `pkgs` (a nixpkgs) or `runtime` (a folder with the embedded runtime).
{
  # A nixpkgs: the set, or a path to import it from, as Hydra hands an input over.
  pkgs ? null,
  # A nixpkgs input by the name that jobsets usually give it.
  nixpkgs ? null,
  # The embedded runtime, see default.nix.
  runtime ? null,
  # The platform that builds.
  nixSystem ? builtins.currentSystem,
}: let
  isPackages = value: builtins.isAttrs value && value ? stdenv;
  given =
    if pkgs == null
    then nixpkgs
    else pkgs;
  voyager = import ./. {
    inherit nixSystem runtime;
    pkgs =
      if given == null || isPackages given
      then given
      else import given {system = nixSystem;};
  };
in {
  inherit (voyager) bcryptWheel examples voyager;
}
