# What a requirements file asks for, as far as files of an index can be fetched for it: lines like
# `NAME==VERSION --hash=sha256:…  # FILE`.
#
# where: names the file in messages; text: its content.
# Returns { requirements; problems; }: a list of { pname; version; extras; hash; file; line; }, sorted by
# name, where `file` is the comment behind the hash if that is the name of a file, else null; and a list
# of messages, about all lines that cannot be taken, and why, which begin with their numbers.
where: text: let
  inherit (builtins) attrNames concatMap concatStringsSep elem elemAt filter foldl' groupBy head isString length match split stringLength substring tail toString;

  canonical = import ./canonical-name.nix "-";
  endsWith = ending: string: let
    rest = stringLength string - stringLength ending;
  in
    rest >= 0 && substring rest (-1) string == ending;
  wordsOf = string: filter (word: isString word && word != "") (split "[ \t]+" string);

  # Logical lines, as pip has them: a backslash joins a line with the next, unless that is a comment.
  # Each is { number; text; } with the number of its first line.
  logical = let
    close = open:
      if open == null
      then []
      else [open];
    step = state: line: let
      number = state.number + 1;
      begun =
        if state.open == null
        then {
          inherit number;
          text = "";
        }
        else state.open;
      append = more: begun // {text = begun.text + more;};
    in
      {inherit number;}
      // (
        if match "[ \t]*#.*" line != null
        then {
          open = null;
          done = state.done ++ close state.open;
        }
        else if endsWith "\\" line
        then {
          open = append (substring 0 (stringLength line - 1) line);
          inherit (state) done;
        }
        else {
          open = null;
          done = state.done ++ [(append line)];
        }
      );
    last = foldl' step {
      number = 0;
      open = null;
      done = [];
    } (filter isString (split "\r?\n" text));
  in
    last.done ++ close last.open;

  pinning = "`voyager requirements ${where}` writes the file with the one to take";

  # What is wrong with a line that is an option of pip's; null: nothing.
  problemOfOption = word: let
    option = head (split "=" word);
    # They say which files pip may take; here the hashes do.
    harmless = ["--require-hashes" "--no-binary" "--only-binary" "--prefer-binary" "--pre"];
    ofFile = "write the requirements of both files into one, as pip-compile does";
    ofSource = "build it with mkDockerWheel, and add the wheel where the others are used";
    ofIndex = "give the index as an argument of fetchRequirements";
    remedies = {
      "-r" = ofFile;
      "--requirement" = ofFile;
      "-c" = ofFile;
      "--constraint" = ofFile;
      "-e" = ofSource;
      "--editable" = ofSource;
      "-i" = ofIndex;
      "--index-url" = ofIndex;
      "--extra-index-url" = ofIndex;
      "--no-index" = ofIndex;
      "-f" = ofIndex;
      "--find-links" = ofIndex;
      "--trusted-host" = ofIndex;
    };
  in
    if elem option harmless
    then null
    else "the option '${option}' cannot be followed here; ${remedies.${option} or "leave it out"}";

  # The words of a requirement and of its options: { spec; hashes; strange; }.
  splitOptions = words: let
    isLong = word: substring 0 2 word == "--";
    all = split " --" " ${concatStringsSep " " words}";
    options = filter isString (tail all);
    hash = match "hash[= ]sha256:([0-9a-fA-F]*)";
    valid = option: hash option != null && stringLength (head (hash option)) == 64;
    takeWhile = found:
      if found == [] || isLong (head found)
      then []
      else [(head found)] ++ takeWhile (tail found);
  in {
    spec = concatStringsSep "" (takeWhile words);
    hashes = map (option: head (hash option)) (filter valid options);
    strange = filter (option: !(valid option)) options;
  };

  # The name of a file in the words of a comment; any other comment is a comment.
  fileOf = words:
    if length words == 1 && match ".*\\.(tar\\.gz|tgz|zip|tar\\.bz2|tar\\.xz|whl)" (head words) != null
    then head words
    else null;
  isCompiled = file: file != null && endsWith ".whl" file && match ".*-(py3|py2\\.py3)-none-any\\.whl" file == null;

  # What is wrong with a requirement; null: nothing.
  problemOf = {
    spec,
    hashes,
    strange,
    name,
    pinned,
    file,
  }:
    if match ".*(://|@|/).*" spec != null || name == null
    then "'${spec}' is a path or an address; only files of a package index can be fetched: pin a version of it"
    else
      (problem:
        if problem == null
        then null
        else "'${head name}' ${problem}")
      (
        if match ".*;.*" spec != null
        then "has an environment marker, which Nix cannot decide; ${pinning}, and decides the markers"
        else if pinned == null
        then "is not pinned to one version, but required as '${spec}'; write ${head name}==VERSION, as pip-compile does"
        else if strange != []
        then "has '--${head strange}'; only --hash=sha256: and 64 digits can be followed"
        else if hashes == []
        then "has no hash; write --hash=sha256:… behind it, as pip-compile --generate-hashes does"
        else if length hashes > 1
        then "has ${toString (length hashes)} hashes, and Nix must know beforehand which file it gets; ${pinning}"
        else if isCompiled file
        then "is to be the compiled wheel ${file}, which brings its own libraries instead of linking to the system's; take the hash of its sdist"
        else null
      );

  # The requirement of a logical line, or what is wrong with it as { problem; }; null: nothing is required.
  parse = {
    number,
    text,
  }: let
    pieces = filter isString (split "[ \t]+#" " ${text}");
    words = wordsOf (head pieces);
    parts = splitOptions words;
    pinned = match "([A-Za-z0-9]|[A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9])(\\[[A-Za-z0-9._,-]*])?==([A-Za-z0-9][A-Za-z0-9.+!_-]*)" parts.spec;
    file = fileOf (wordsOf (concatStringsSep " #" (tail pieces)));
    problem =
      if substring 0 1 (head words) == "-"
      then problemOfOption (head words)
      else
        problemOf (parts
          // {
            inherit pinned file;
            name = match "([A-Za-z0-9][A-Za-z0-9._-]*).*" parts.spec;
          });
  in
    if words == []
    then null
    else if problem != null
    then {problem = "line ${toString number}: ${problem}";}
    else if pinned == null
    then null
    else {
      inherit file;
      pname = elemAt pinned 0;
      version = elemAt pinned 2;
      extras = concatMap (group: filter (extra: isString extra && extra != "") (split "[],[]" group)) (filter isString [(elemAt pinned 1)]);
      hash = head parts.hashes;
      line = number;
    };

  parsed = filter (one: one != null) (map parse logical);
  groups = groupBy (one: canonical one.pname) (filter (one: !(one ? problem)) parsed);

  # The message about a name that is required in two ways, in a list.
  twice = name: let
    first = head groups.${name};
    others = filter (one: one.version != first.version || one.hash != first.hash) groups.${name};
    other = head others;
    how =
      if other.version == first.version
      then "with two hashes"
      else "as ${first.version} and as ${other.version}";
  in
    if others == []
    then []
    else ["line ${toString other.line}: '${name}' is required ${how} (before in line ${toString first.line}); leave one of them out"];
in {
  requirements = map (name: head groups.${name}) (attrNames groups);
  problems = map (one: one.problem) (filter (one: one ? problem) parsed) ++ concatMap twice (attrNames groups);
}
