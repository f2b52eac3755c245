# Makes a channel, what people subscribe to by `nix-channel --add`. Its expressions name packages
# that were built by their store paths: who subscribes fetches them from a binary cache, and needs
# no engine, no compiler and no nix-voyager. `voyager publish` puts packages and channel there.
#
# The result holds `nixexprs.tar.xz`, `binary-cache-url` if one is given, and an index of all
# packages with the verdicts of their linkage reports and where their records are: `index.json`,
# `index.html`, `records/`. It is what Hydra takes for a channel, and an aggregate job. Building it
# fails when a package has no linkage report, or one whose verdict is not pass.
#
# Returns a derivation that also has `constituents`, `meta`, and `override` as mkDockerBuild has it.
# Throws on an unknown, missing or ill-typed argument.
{
  # From ./internal/run.nix: makes a derivation that the helper builds without an engine.
  runHelper,
  # What ./internal/types.nix has.
  types,
}: let
  inherit (builtins) attrNames attrValues head filter intersectAttrs map match;

  arguments = {
    # Name of the channel: of the folder in its tarball, and of the derivation.
    name = {type = types.identifier;};

    # What it delivers, by the names that people install them by (`nix-env -iA channel.NAME`).
    packages = {type = types.attrsOf types.delivery;};

    # Where people fetch the packages: the address of the binary cache. The channel only tells it;
    # Nix takes it, and the key that it trusts, from the settings of who subscribes. null: not told.
    binaryCacheUrl = {
      type = types.nullOr types.address;
      default = null;
    };

    # What else must succeed before there is a channel: tests of the packages (mkDockerTest).
    constituents = {
      type = types.listOf types.derivation;
      default = [];
    };

    # A folder with a default.nix: the channel's expressions, in place of those that name the
    # packages. For a channel of sources, such as nix-voyager's own; packages are in the index alone.
    src = {
      type = types.nullOr types.storeFile;
      default = null;
    };

    # Attributes for people and for Hydra, as nixpkgs has them: description, maintainers.
    meta = {
      type = types.meta;
      default = {};
    };
  };

  function = "mkChannel";
  check = import ./internal/check.nix function arguments;
  override = import ./internal/override.nix;
  store = import ./internal/store.nix;

  # What Nix itself, or a list of packages, shows of a package: all of it data.
  shown = {
    description = null;
    homepage = null;
    license = null;
    longDescription = null;
    mainProgram = null;
    maintainers = null;
    outputsToInstall = null;
    priority = null;
  };

  # nix-env and nix-build take a name apart at its dots, and a shell at its spaces.
  checkNames = packages: let
    bad = filter (name: match "[A-Za-z_][A-Za-z0-9_'-]*" name == null) (attrNames packages);
  in
    if bad == []
    then packages
    else throw "${function}: argument 'packages' has the name '${head bad}'; a name that can be given to nix-env begins with a letter or '_', and goes on with letters, digits, '_', '-' and apostrophes";

  # As the helper has it, see helper/src/spec/channel.ts.
  entry = attribute: package: let
    outputs = package.outputs or ["out"];
  in {
    inherit attribute;
    inherit (package) name system;
    version = package.version or null;
    outputs =
      map (name: {
        inherit name;
        path = package.${name}.outPath;
      })
      outputs;
    meta =
      # As with packages of nixpkgs: what only compiling needs is installed when it is asked for.
      {outputsToInstall = [(head outputs)];}
      // intersectAttrs shown (package.meta or {});
  };

  mkChannel = given: let
    args = check given;
    packages = checkNames args.packages;
    constituents = attrValues packages ++ args.constituents;
    drv = runHelper args.name ["channel"] {
      __structuredAttrs = true;
      channel = {
        version = import ./internal/spec-version.nix;
        inherit (args) name binaryCacheUrl;
        src =
          if args.src == null
          then null
          else store.source args.src;
        packages = map (name: entry name packages.${name}) (attrNames packages);
        constituents = map (constituent: "${constituent}") constituents;
      };
    };
  in
    drv
    // {
      inherit constituents;
      # Hydra: it succeeds when all of these do.
      _hydraAggregate = true;
      meta = {description = "The channel ${args.name}";} // args.meta // {isHydraChannel = true;};
      override = override mkChannel given;
    };
in {
  inherit arguments;
  function = mkChannel;
}
