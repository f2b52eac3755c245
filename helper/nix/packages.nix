# The helper's dependencies as derivations, one per package, straight from package-lock.json:
# Nix itself downloads each and checks the hash that the lock file gives. So no npm runs, nothing
# of a package runs, there is no hash to keep up to date by hand, and a changed dependency is the
# only one fetched again.
{
  # From ./registry.nix.
  registry,
  # `cpu`: npm's name of the processor.
  platform,
}: let
  inherit (builtins) fromJSON hashFile readFile;

  lockFile = (import ./released.nix).lock;
  # Made by `npm run reference` of these files; where one is another, it is of no use.
  resolved = fromJSON (readFile (./resolved + "/${platform.cpu}.json"));
  needs =
    if resolved.madeOf == map (hashFile "sha256") [lockFile ../bundle/left-out.json ./lock.nix]
    then resolved
    else
      import ./lock.nix {
        inherit lockFile;
        inherit (platform) cpu;
      };

  fetchPackage = import ./fetch.nix {inherit registry;};
  fetch = {
    name,
    version,
    integrity,
    ...
  }:
    fetchPackage {inherit name version integrity;};
in {
  # Version of the Node that is carried.
  nodeVersion = needs.node.version;
  # What the bundle is made of: a list of { path; archive; }, `path` below node_modules.
  production =
    map (package: {
      inherit (package) path;
      archive = fetch package;
    })
    needs.production;
  # The archive that carries Node for this platform.
  node = fetch needs.node;
}
