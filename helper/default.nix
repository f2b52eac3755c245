# The helper as a derivation: the TypeScript of this folder, compiled from source by Nix.
#
# It needs no nixpkgs. Node comes from `pkgs` when given, else from the embedded runtime: the
# official binary, which an npm package carries, beside the C library of this machine.
# No registry's address is written here: see ./nix/registry.nix.
{
  # A nixpkgs set to take Node from; null: the embedded runtime.
  pkgs ? null,
  # An embedded runtime made elsewhere: a folder or store path with `bin/node` and, in `lib/`,
  # the dynamic linker and the libraries that it needs. null: made of this machine's libraries.
  # Give one where evaluation may not read the machine's files, or to have the same store paths
  # on all machines and after an upgrade of the C library.
  runtime ? null,
  # The registry that packages are fetched from, as npm's `registry` setting. null: what the
  # machine has.
  npmRegistry ? null,
  # What the helper runs on: "x86_64-linux" or "aarch64-linux".
  nixSystem ? builtins.currentSystem,
}: let
  platforms = {
    x86_64-linux = {
      cpu = "x64";
      loader = "ld-linux-x86-64.so.2";
      triplet = "x86_64-linux-gnu";
    };
    aarch64-linux = {
      cpu = "arm64";
      loader = "ld-linux-aarch64.so.1";
      triplet = "aarch64-linux-gnu";
    };
  };
  platform =
    platforms.${nixSystem}
    or (throw "nix-voyager: there is no helper for ${nixSystem}, only for ${toString (builtins.attrNames platforms)}");

  registry = import ./nix/registry.nix {inherit npmRegistry pkgs;};
  packages = import ./nix/packages.nix {inherit registry platform;};
  embedded = import ./nix/runtime.nix {inherit runtime packages platform nixSystem;};

  nodeOfPkgs =
    if builtins.compareVersions pkgs.nodejs.version "20.19" < 0
    then throw "nix-voyager: pkgs.nodejs is ${pkgs.nodejs.version}, but the helper needs 20.19 or newer; give a newer nixpkgs, or leave pkgs out to use the embedded runtime"
    else ["${pkgs.nodejs}/bin/node"];
  node =
    if pkgs == null
    then embedded.command
    else nodeOfPkgs;

  # A derivation whose builder is a script for Node: the sandbox has nothing else.
  runNode = import ../lib/internal/run.nix {
    inherit nixSystem;
    command = node;
  };

  # What the bundle needs, as the folder `node_modules` that npm would make.
  nodeModules = runNode "nix-voyager-node-modules" [./nix/unpack.mjs] {
    __structuredAttrs = true;
    packages = packages.production;
  };

  fromSource = runNode "nix-voyager-helper" [
    ./nix/compile.mjs
    (import ./nix/source.nix)
    "${builtins.placeholder "out"}/lib"
    "${nodeModules}/node_modules"
  ] {nodeCommand = builtins.toJSON node;};

  # A release brings the helper along, for the platforms that it was compiled for.
  released = import ./nix/released.nix;
  bundle =
    if released.has nixSystem
    then released.bundle nixSystem
    else fromSource;
in {
  # What a release has as helper/compiled: the helper for this platform, its hash, and the lock file.
  compiled = runNode "nix-voyager-compiled" [./nix/compiled.mjs] {
    __structuredAttrs = true;
    exportReferencesGraph.closure = [bundle];
    inherit bundle;
    lock = builtins.path {
      name = "lock.json";
      path = released.lock;
    };
    platform = nixSystem;
  };
  # The argument list that starts Node.
  inherit node;
  # The argument list that starts the helper: the first is a derivation's `builder`, the rest
  # come before its own `args`.
  command = node ++ ["${bundle}/lib/voyager.cjs"];
  # The helper: `lib/voyager.cjs`, which loads the files beside it.
  inherit bundle;
  # The embedded runtime in use, a derivation whatever was given as `runtime`; null when Node is that
  # of `pkgs`.
  runtime =
    if pkgs == null
    then embedded.package
    else null;
  # The packages that the bundle is made of.
  inherit nodeModules;
}
