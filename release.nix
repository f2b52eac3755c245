# The Hydra jobset. Hydra's evaluation may read only the jobset's inputs, so Node comes from one
# of them: `pkgs` (a nixpkgs) or `runtime` (a folder with the embedded runtime).
{
  # A nixpkgs: the set, or a path to import it from, as Hydra hands an input over.
  pkgs ? null,
  # A nixpkgs input by the name that jobsets usually give it.
  nixpkgs ? null,
  # The embedded runtime, see default.nix.
  runtime ? null,
  # The npm registry that the helper's dependencies come from: restricted evaluation cannot read
  # what the machine's npm is set to use. Needed unless the helper is built or cached already.
  npmRegistry ? null,
  # CA bundle to trust for downloads, a PEM file; null: the container's own.
  certificates ? null,
  # The platform that builds.
  nixSystem ? builtins.currentSystem,
}: let
  isPackages = value: builtins.isAttrs value && value ? stdenv;
  given =
    if pkgs == null
    then nixpkgs
    else pkgs;
  voyager = import ./. {
    inherit certificates nixSystem npmRegistry runtime;
    pkgs =
      if given == null || isPackages given
      then given
      else import given {system = nixSystem;};
  };

  jobs = {inherit (voyager) bcryptWheel channel examples voyager;};
in
  jobs
  // {
    # Holds the release back until all of the above is built and proven.
    release = voyager.lib.mkAggregate {
      name = "nix-voyager-${voyager.version}";
      constituents = [jobs.channel jobs.voyager] ++ builtins.attrValues jobs.examples;
      meta = {
        description = "nix-voyager with its examples, built, tested and proven";
        license.shortName = "Apache-2.0";
        schedulingPriority = 50;
      };
    };
  }
