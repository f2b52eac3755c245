# nix-voyager itself as a channel: the files of a release (package.json says which), the helper
# compiled, in the archive that `nix-channel --add` wants. Made in a container, which has the tar
# and xz that the Nix sandbox has not.
{
  # What ./helper returns: its `compiled` goes along.
  helper,
  # What ./lib returns.
  lib,
  # Version of nix-voyager.
  version,
}: let
  inherit (builtins) any filter fromJSON match readFile stringLength substring;

  root = toString ./.;
  # Those of npm's patterns that say what is in.
  entries = filter (entry: substring 0 1 entry != "!") (fromJSON (readFile ./package.json)).files;
  under = path: entry: path == entry || substring 0 (stringLength entry + 1) path == "${entry}/";
  # A folder above an entry, or what is in it.
  isIn = path: any (entry: under path entry || under entry path) (entries ++ ["package.json" "README.md" "LICENSE"]);
  # Tests, what running Python leaves, and what `npm pack` is just making.
  isOut = path: match "helper/compiled(/.*)?|.*(\\.test\\.ts|/test_[^/]*\\.py|/__pycache__)" path != null;
  source = builtins.path {
    name = "nix-voyager-${version}";
    path = ./.;
    filter = file: _: let
      path = substring (stringLength root + 1) (-1) file;
    in
      isIn path && !isOut path;
  };
in
  lib.mkDockerBuild {
    pname = "nix-voyager-channel";
    inherit version;
    src = source;
    system = lib.systems.debian12;
    systemBuildDependencies = ["xz-utils"];
    buildScript = ''
      name=nix-voyager-${version}
      mkdir -p "$TMPDIR/$name"
      cp -R . "$TMPDIR/$name"
      cp -R ${helper.compiled} "$TMPDIR/$name/helper/compiled"
      # What comes from the store can be written by nobody, and `nix-channel` may have to remove it.
      chmod -R u+w "$TMPDIR/$name"
      tar -C "$TMPDIR" --sort=name --owner=0 --group=0 --numeric-owner --mode=u+rwX,go+rX,go-w \
        --mtime="@$SOURCE_DATE_EPOCH" -c "$name" | xz -6 > $out/nixexprs.tar.xz
    '';
    hydraProducts = [
      {
        type = "channel";
        subtype = "-";
        pattern = "nixexprs.tar.xz";
      }
    ];
    meta = {
      description = "nix-voyager as a channel, with the helper compiled";
      license.shortName = "Apache-2.0";
      isHydraChannel = true;
    };
  }
