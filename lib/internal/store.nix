# Paths, derivations and strings → store paths, and back: which store paths a string speaks of.
let
  inherit (builtins) appendContext attrNames attrValues baseNameOf concatMap dirOf filter getContext groupBy hasContext head isAttrs isList isPath isString map match path replaceStrings sort split storeDir storePath stringLength substring toString unsafeDiscardStringContext;

  allowed = "[0-9a-zA-Z+._?=-]";
  # The store takes 211 characters; the names of other outputs and of the .drv are longer.
  longest = 190;

  # A name that the Nix store takes, made of any text: other characters become dashes.
  safeName = name:
    if stringLength name <= longest && match "[0-9a-zA-Z+_?=-]${allowed}*" name != null
    then name
    else let
      pieces = map (piece:
        if isList piece
        then "-"
        else piece) (split "[^0-9a-zA-Z+._?=-]+" (unsafeDiscardStringContext name));
      clean = builtins.concatStringsSep "" pieces;
    in
      substring 0 longest (
        # A leading dot would be refused.
        if substring 0 1 clean == "."
        then "_${clean}"
        else clean
      );

  # Copies a path of the disk to the store, under a name of its own instead of its folder's,
  # which may be one that the store refuses and would make the result depend on where it lies.
  copy = name: file:
    path {
      inherit name;
      path = file;
    };

  # toPath (path -> string): what to do with a path of the disk.
  convert = toPath: value:
    if isPath value
    then toPath value
    else if isAttrs value
    then "${value}"
    else if hasContext value
    then value
    # Without context Nix would not know that the build needs it.
    else storePath value;

  file = convert (value: copy (safeName (baseNameOf value)) value);

  # An archive keeps its name, which tells how to unpack it; a folder is just the source.
  source = convert (value: let
    name = safeName (baseNameOf value);
  in
    copy (
      if match ".*\\.(gz|xz|bz2|zst|tgz|txz|tbz2|tzst|tar|zip|whl)" name != null
      then name
      else "source"
    )
    value);

  # The contents of a file as a store path, following links: systems often have a CA bundle as
  # a link into a folder that a container does not have.
  textFile = convert (value: builtins.toFile (safeName (baseNameOf value)) (builtins.readFile value));

  storePattern = "(${replaceStrings ["."] ["\\."] storeDir}/[0-9a-z]{32}-${allowed}+)";

  # Names that the outputs of a derivation file have in the store, after the hash.
  outputNames = drv: outputs: let
    base = unsafeDiscardStringContext (baseNameOf drv);
    name = substring 33 (stringLength base - 33 - 4) base;
  in
    map (output:
      if output == "out"
      then name
      else "${name}-${output}")
    outputs;

  hasPrefix = prefix: string: substring 0 (stringLength prefix) string == prefix;

  # The store paths (without what follows them: a file below one gives the whole) whose context
  # a string carries. Other text that looks like a store path is not taken for one: Nix would
  # refuse to export what the build does not depend on.
  references = string:
    if !(hasContext string)
    then []
    else if dirOf string == storeDir
    then [string]
    else let
      context = getContext string;
      keys = attrNames context;
      plain = filter (key: context.${key}.path or false) keys;
      built = concatMap (key: outputNames key (context.${key}.outputs or [])) keys;
      # The longest first: the path of foo-dev begins with that of foo.
      names = sort (a: b: stringLength a > stringLength b) built;
      start = stringLength storeDir + 34;
      # A piece may go on after the path's end ("${src}.orig"), so cut it to the known name.
      known = piece: let
        rest = substring start (-1) piece;
        matching = filter (name: hasPrefix name rest) names;
      in
        if matching == []
        then []
        else [(substring 0 (start + stringLength (head matching)) piece)];
      pieces = filter isList (split storePattern string);
      found = concatMap (piece: known (head piece)) pieces;
    in
      map (piece: appendContext piece context) (plain ++ found);

  # Each store path once, sorted, context kept.
  unique = paths: map head (attrValues (groupBy unsafeDiscardStringContext paths));

  # An environment variable's value as a string.
  variable = value:
    if isString value
    then value
    else if isPath value || isAttrs value
    then file value
    else toString value;
in {
  inherit file references safeName source textFile unique variable;
}
