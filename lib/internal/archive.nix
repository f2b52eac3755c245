# Which unpacker the name of a source asks for, as a key of `system.packages.unpack`; null when
# tar and gzip, which every system has, are enough.
let
  inherit (builtins) stringLength substring unsafeDiscardStringContext;

  unpackers = {
    ".xz" = "xz";
    ".txz" = "xz";
    ".bz2" = "bzip2";
    ".tbz2" = "bzip2";
    ".zst" = "zstd";
    ".tzst" = "zstd";
    ".zip" = "zip";
    ".whl" = "zip";
  };
in
  src: let
    # A store path, so long enough.
    name = unsafeDiscardStringContext src;
    # Many times faster than a regular expression.
    ending = size: substring (stringLength name - size) size name;
  in
    unpackers.${ending 4} or unpackers.${ending 3} or unpackers.${ending 5} or null
