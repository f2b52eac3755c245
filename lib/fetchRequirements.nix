# Fetches the files that a requirements file with hashes asks for, each by itself: a line that changed
# has one file fetched again. None of their code runs.
#
# Takes the requirements file, or a set of it and the arguments of fetchPypi below. In the file each
# requirement is pinned by `==` and has one SHA-256, and behind it, as a comment, the name of its file
# (else it is the sdist): `voyager requirements` makes such a file of one that lists all hashes of a
# version.
#
# Returns a derivation, a folder of links to the files under their own names, as pip's --find-links
# takes it, that also has `requirements` (a set, by the project's name in lower case with dashes, of
# sets with `pname`, `version`, `extras`, `format`, and `src`, a result of fetchPypi), and `sdists` and
# `wheels` (lists of those `src`). Throws on a line that cannot be taken, by its number and project.
{
  # What ./fetchPypi.nix returns: fetches each file, and has the arguments that all have in common.
  fetchPypi,
  # From ./internal/run.nix: makes a derivation that a script for Node builds.
  runNode,
  # What ./internal/types.nix has.
  types,
}: let
  inherit (builtins) attrValues baseNameOf concatStringsSep filter isAttrs isPath listToAttrs map match readFile toJSON unsafeDiscardStringContext;

  arguments =
    removeAttrs fetchPypi.arguments ["pname" "version" "hash" "format" "file" "meta" "passthru"]
    // {
      # The requirements file.
      requirements = {type = types.storeFile;};
    };

  function = "fetchRequirements";
  check = import ./internal/check.nix function arguments;
  canonical = import ./internal/canonical-name.nix;
  read = import ./internal/requirements-file.nix;
  store = import ./internal/store.nix;

  parse = where: text: let
    inherit (read where text) problems requirements;
  in
    if problems == []
    then requirements
    else throw "${function}: ${where} cannot be fetched:\n${concatStringsSep "\n" problems}";

  formatOf = file:
    if file != null && match ".*\\.whl" file != null
    then "wheel"
    else "sdist";

  # settings: the arguments of fetchPypi that all have in common, as they were given.
  fetch = settings: one: {
    inherit (one) pname version extras;
    format = formatOf one.file;
    src = fetchPypi.function (settings // {inherit (one) pname version hash file;});
  };

  fetchRequirements = given: let
    args = check (
      # A path or a derivation is the file itself.
      if isAttrs given && !(given ? outPath)
      then given
      else {requirements = given;}
    );
    # What only evaluates has nothing copied to the store.
    file =
      if isPath args.requirements
      then args.requirements
      else store.file args.requirements;
    where = baseNameOf (unsafeDiscardStringContext "${toString args.requirements}");
    named = map (one: {
      name = canonical "-" one.pname;
      value = fetch (removeAttrs args ["requirements"]) one;
    }) (parse where (readFile file));
    requirements = listToAttrs named;
    of = format: map (one: one.src) (filter (one: one.format == format) (attrValues requirements));
  in
    runNode "requirements" ["-e" (readFile ./internal/links.js)] {
      files = toJSON (listToAttrs (map (one: {
        inherit (one.src) name;
        value = "${one.src}";
      }) (attrValues requirements)));
    }
    // {
      inherit requirements;
      sdists = of "sdist";
      wheels = of "wheel";
      meta.description = "Files of the requirements in ${where}, from the Python package index";
    };
in {
  inherit arguments;
  function = fetchRequirements;
}
