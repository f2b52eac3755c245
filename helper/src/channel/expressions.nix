# A channel made by nix-voyager. Every package is a path of the Nix store that was built, audited and
# published elsewhere: Nix fetches it from a binary cache that it is set to use. Nothing is compiled.
# What there is, with the verdict of each package's linkage report, is in index.json.
{}: let
  inherit (builtins) appendContext dirOf fromJSON head listToAttrs map readFile toFile;

  index = fromJSON (readFile ./index.json);

  # A path that the binary cache has. Nix fetches it as soon as somebody asks for it; unlike
  # storePath, this is allowed in restricted and pure evaluation, too.
  published = path: appendContext path {${path} = {path = true;};};

  # A folder of links to what is in a folder of a published path. `nix-build` takes only derivations,
  # and those that built the packages are not here; so it gets one of these, whose builder is part
  # of every Nix. As in a user's profile, nix-support is left out.
  links = name: folder:
    derivation {
      inherit name;
      system = "builtin";
      builder = "builtin:buildenv";
      derivations = ["true" 5 1 folder];
      manifest = toFile "env-manifest.nix" "[ ]";
      preferLocalBuild = true;
      allowSubstitutes = false;
    };

  # A package, as `derivation` would return it: nix-env takes outPath, nix-build drvPath.
  package = entry: let
    inherit (entry) name;
    support = dirOf entry.records."linkage.json";
    common =
      listToAttrs outputs
      // {
        type = "derivation";
        inherit (entry) name version system meta;
        outputs = map (output: output.name) entry.outputs;
        all = map (output: output.value) outputs;
        # linkage.html, sbom.cdx.json, provenance.json, verify and the like.
        records = links "${name}-records" "${published (dirOf support)}/nix-support";
      };
    outputs =
      map (output: {
        inherit (output) name;
        value =
          common
          // {
            outPath = published output.path;
            inherit (links name (published output.path)) drvPath;
            # Of the links, which have no other.
            outputName = "out";
          };
      })
      entry.outputs;
  in
    (head outputs).value;
in
  listToAttrs (map (entry: {
      name = entry.attribute;
      value = package entry;
    })
    index.packages)
