# Which unpacker the name of a source asks for, as a key of `system.packages.unpack`; null when
# tar and gzip, which every system has, are enough.
let
  unpackers = {
    xz = "xz";
    txz = "xz";
    bz2 = "bzip2";
    tbz2 = "bzip2";
    zst = "zstd";
    tzst = "zstd";
    zip = "zip";
    whl = "zip";
  };
in
  src: let
    ending = builtins.match ".*\\.([a-z0-9]+)" (builtins.unsafeDiscardStringContext (baseNameOf src));
  in
    if ending == null
    then null
    else unpackers.${builtins.head ending} or null
