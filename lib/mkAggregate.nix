# Holds a release back until all its parts are fit for it: what Hydra calls an aggregate. It fails, and
# names each part, where a build has no linkage report or one whose verdict is not "pass", and where a
# test was kept though it failed (`nix-support/failed`).
#
# It needs no engine. The result refers to all outputs of all parts, so what copies it copies the release; its
# `constituents.json` has what was found of each. Returns a derivation that also has `constituents`,
# `meta`, `passthru`, and `override` (takes a set of arguments to replace, or a function from the
# arguments to such a set). Throws on an unknown, missing or ill-typed argument.
{
  # From ./internal/run.nix: makes a derivation that the helper builds without an engine.
  runHelper,
  # What ./internal/types.nix has.
  types,
}: let
  inherit (builtins) length listToAttrs map toString;

  arguments = {
    # Name of the release, such as "myapp-1.2".
    name = {type = types.nonEmptyString;};

    # Its parts: results of the other functions, and other derivations, of which only a linkage report and
    # `nix-support/failed` are looked at if they have them. Hydra would take names of jobs, too; but
    # from a name the build does not learn what to look at.
    constituents = {type = types.listOf types.derivation;};

    # Description, license, maintainers … as Nix and Hydra know them.
    meta = {
      type = types.meta;
      default = {};
    };

    # Attributes to add to the result.
    passthru = {
      type = types.attrs;
      default = {};
    };
  };

  function = "mkAggregate";
  check = import ./internal/check.nix function arguments;
  override = import ./internal/override.nix;
  store = import ./internal/store.nix;

  # As helper/src/spec/aggregate.ts reads it.
  toSpec = constituent: {
    inherit (constituent) name;
    # A build of ours that is audited says where its report is.
    audited = constituent ? linkage && constituent ? voyager;
    outputs =
      if constituent ? outputs
      then
        listToAttrs (map (name: {
            inherit name;
            value = constituent.${name}.outPath;
          })
          constituent.outputs)
      else {out = constituent.outPath;};
  };

  mkAggregate = given: let
    args = check given;
    name = store.safeName args.name;
    constituents =
      if args.constituents == []
      then throw "${function}: argument 'constituents' is an empty list; it would hold nothing back"
      else args.constituents;
    drv = runHelper name ["aggregate"] {
      __structuredAttrs = true;
      aggregate = {
        version = 1;
        inherit name;
        constituents = map toSpec constituents;
      };
    };
  in
    args.passthru
    // drv
    // {
      inherit (args) passthru;
      inherit constituents;
      _hydraAggregate = true;
      meta =
        {
          description = "Release of ${toString (length constituents)} parts, all of them fit for it";
          platforms = [drv.system];
        }
        // args.meta;
      override = override mkAggregate given;
    };
in {
  inherit arguments;
  function = mkAggregate;
}
