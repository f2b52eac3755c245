# Types of arguments. A type is
#   check:   value -> bool, cheap, run for every argument of every declaration;
#   expected: what an error message says was expected;
#   problem: place -> value -> message, or null when all is well. Run after a check has failed.
# The comment above each type is its entry in docs/reference.md.
let
  inherit (builtins) all attrNames attrValues concatStringsSep elem elemAt filter foldl' groupBy intersectAttrs isAttrs isBool isFloat isInt isList isPath isString length mapAttrs match removeAttrs storeDir stringLength substring toString;

  # Variables of a build, and attributes of a derivation, that an output's name would hide.
  reserved = ["env" "environment" "linkage" "meta" "name" "outputs" "override" "passthru" "patches" "pname" "python" "src" "system" "systemLock" "type" "version" "voyager" "voyagerSystem"];

  show = import ./show.nix;
  unknown = import ./unknown.nix;

  mkType = expected: check: {
    inherit expected check;
    problem = place: value:
      if check value
      then null
      else "${place} must be ${expected}, got ${show value}";
  };

  # The same for text that may have a secret in it, which no message shows.
  mkSilentType = expected: check: let
    type = mkType expected check;
  in
    type
    // {
      problem = place: value:
        if isString value && value != "" && !(check value)
        then "${place} must be ${expected}"
        else type.problem place value;
    };

  # The first message of a list of messages and nulls.
  first = foldl' (found: next:
    if found == null
    then next
    else found)
  null;

  # The problem of a container: its own kind first, then the first bad thing in it.
  inside = outer: problems: place: value:
    if outer.check value
    then first (problems place value)
    else outer.problem place value;

  matching = expected: pattern: mkType expected (value: isString value && match pattern value != null);

  storePrefix = "${storeDir}/";
  inStore = value: substring 0 (stringLength storePrefix) value == storePrefix;
  isFile = value:
    isPath value
    || (isAttrs value && value ? outPath)
    || (isString value && inStore value);
  isDerivation = value: isAttrs value && value.type or null == "derivation";
in rec {
  # Any text.
  string = mkType "a string" isString;

  # Text with at least one character.
  nonEmptyString = mkType "a non-empty string" (value: isString value && value != "");

  # Yes or no.
  bool = mkType "a boolean" isBool;

  # A whole number, zero or more.
  unsigned = mkType "an integer, zero or more" (value: isInt value && value >= 0);

  # A number of seconds: a whole number, one or more.
  seconds = mkType "a number of seconds, 1 or more" (value: isInt value && value >= 1);

  # A function; the text says what it returns.
  functionTo = result: mkType "a function that returns ${result}" builtins.isFunction;

  # A set of any shape.
  attrs = mkType "a set" isAttrs;

  # A set that has a text under this key.
  setWith = key: mkType "a set with '${key}'" (value: isAttrs value && isString (value.${key} or null));

  # A set in which the keys that Nix and Hydra read are as these want them: `description`,
  # `longDescription`, `homepage` (texts), `license` (a text, a set with `shortName`, or a list of
  # these), `maintainers` (a list of texts or sets with `email`), `platforms` (a list), `mainProgram` (a
  # text), `timeout`, `maxSilent` (seconds), `schedulingPriority` (a number, 100 is usual),
  # `isHydraChannel` (a boolean). Other keys may hold anything.
  meta = let
    inherit (import ./meta.nix) fields;
    read = value: attrNames (intersectAttrs fields value);
  in {
    inherit (attrs) expected;
    check = value: isAttrs value && all (name: fields.${name}.check value.${name}) (read value);
    problem = inside attrs (place: value: map (name: fields.${name}.problem "'${name}' in ${place}" value.${name}) (read value));
  };

  # Name of a package of the system, as its package manager knows it.
  packageName = matching "the name of a system package" "[a-zA-Z0-9]([a-zA-Z0-9.+_:=~-]*[a-zA-Z0-9+~])?";

  # Name of an interpreter: python3, python3.11, pypy3.
  interpreter = matching "the name of an interpreter, like python3 or python3.11" "[a-z][a-z0-9.]*";

  # An address without a user name or password in it: it gets into the Nix store, which everyone
  # on the machine can read.
  address =
    mkSilentType "an address without user name and password, which everyone could read in the Nix store" (value:
      isString value && value != "" && !(import ./credentials.nix value));

  # Text without an address that has a password in it: it gets into the Nix store, as an address does.
  withoutPassword =
    mkSilentType "a text without an address that has a password in it, which everyone could read in the Nix store" (value:
      isString value && !(import ./password.nix value));

  # Short name: lower-case letters, digits, dots, dashes and underscores.
  identifier = matching "a short name of lower-case letters, digits, '.', '-' and '_'" "[a-z0-9][a-z0-9._-]*";

  # Short name that can be part of a file's name: lower-case letters, digits and dashes.
  slug = matching "a short name of lower-case letters, digits and '-'" "[a-z0-9][a-z0-9-]*";

  # Name of a release of a distribution: bookworm, stable-backports.
  suite = matching "the name of a suite, like bookworm" "[a-z][a-z0-9.-]*";

  # A word of letters, digits, dashes and underscores.
  word = matching "a word of letters, digits, '-' and '_'" "[A-Za-z0-9_-]+";

  # A SHA-256: 64 hexadecimal digits, "sha256:" and those, or "sha256-" and base64.
  sha256 =
    matching ''a SHA-256 (64 hexadecimal digits, "sha256:" and those, or "sha256-" and base64; where it is not known, 64 zeros, and the download tells the right one)''
    "(sha256:)?[0-9a-fA-F]{64}|sha256-[A-Za-z0-9+/]{43}=";

  # Name of an sdist, or of a wheel of pure Python: demo-1.0.zip, demo-1.0-py2.py3-none-any.whl.
  distributionFile =
    matching "the name of an sdist (.tar.gz, .zip …) or of a wheel of pure Python (-py3-none-any.whl)"
    "[A-Za-z0-9][A-Za-z0-9._+!-]*(\\.(tar\\.gz|tgz|zip|tar\\.bz2|tar\\.xz)|-(py3|py2\\.py3)-none-any\\.whl)";

  # A path, a derivation (or another set with outPath), or the address of something in the Nix
  # store as a string.
  storeFile = mkType "a path, a derivation or a store path" isFile;

  # A derivation, such as every function here returns.
  derivation = mkType "a derivation" isDerivation;

  # What mkDockerBuild or mkDockerWheel returns: a derivation whose result has a linkage report.
  delivery = mkType "a result of mkDockerBuild or mkDockerWheel" (value: isDerivation value && value ? linkage);

  # What an environment variable may hold: a string, an integer, a path or a derivation.
  variable =
    mkType "a string, an integer, a path or a derivation" (value:
      isString value || isInt value || isPath value || (isAttrs value && value ? outPath));

  # An amount of memory: bytes, or a string like "512M" or "2G" (powers of 1024); at least 16 MiB.
  memory = mkType ''bytes (16777216 or more) or a string like "512M" or "2G"'' (value:
    if isInt value
    then value >= 16 * 1024 * 1024
    else isString value && (match "[1-9][0-9]{0,8}[GT]|(1[6-9]|[2-9][0-9]|[1-9][0-9]{2,8})M" value != null));

  # A number of processor cores, may be a fraction: at least 0.01.
  cpus = mkType "a number of processor cores, 0.01 or more" (value: (isInt value || isFloat value) && value >= 0.01);

  # A number of processes and threads: at least 16.
  pids = mkType "an integer, 16 or more" (value: isInt value && value >= 16);

  # Names of outputs: "out" and others, each once; none that a build or a derivation already has
  # another meaning for.
  outputs =
    mkType ''a list of different output names with "out" among them (and none of ${concatStringsSep ", " reserved})''
    (value:
      isList value
      && elem "out" value
      && all (name: isString name && match "[a-z][a-zA-Z0-9_]*" name != null && !elem name reserved) value
      && length (attrNames (groupBy (name: name) value)) == length value);

  # A system: what `mkSystem` returns, or one of `lib.systems`.
  system =
    mkType "a system (made by mkSystem, or one of lib.systems)"
    (value: isAttrs value && value._type or null == "voyagerSystem");

  # The type, or null.
  nullOr = type: {
    expected = "${type.expected} or null";
    check = value: value == null || type.check value;
    problem = place: value:
      if value == null
      then null
      else type.problem place value;
  };

  # One of the listed strings.
  enum = values:
    mkType "one of ${concatStringsSep ", " (map (value: "'${value}'") values)}" (value: isString value && elem value values);

  # A list, each element of the type.
  listOf = type: let
    list = mkType "a list (each element: ${type.expected})" isList;
  in {
    inherit (list) expected;
    check = value: isList value && all type.check value;
    problem =
      inside list (place: value:
        builtins.genList (i: type.problem "element ${toString (i + 1)} of ${place}" (elemAt value i)) (length value));
  };

  # A set, each value of the type.
  attrsOf = type: let
    set = mkType "a set (each value: ${type.expected})" isAttrs;
  in {
    inherit (set) expected;
    check = value: isAttrs value && all type.check (attrValues value);
    problem =
      inside set (place: value:
        map (name: type.problem "'${name}' in ${place}" value.${name}) (attrNames value));
  };

  # Environment variables: names of letters, digits and underscores, values as `variable`.
  environment = let
    validName = name: match "[A-Za-z_][A-Za-z0-9_]*" name != null;
    values = attrsOf variable;
  in {
    expected = "a set of environment variables";
    check = value: values.check value && all validName (attrNames value);
    problem = inside values (place: value:
      map (name:
        if validName name
        then null
        else "${place} has '${name}', which cannot be the name of an environment variable")
      (attrNames value)
      ++ [(values.problem place value)]);
  };

  # A set with known keys only; a key without a default must be there.
  struct = fields: let
    known = attrNames fields;
    required = filter (name: !(fields.${name} ? default)) known;
    demanded = removeAttrs fields (filter (name: fields.${name} ? default) known);
    checks = mapAttrs (_: field: field.type.check) fields;
    set = mkType "a set with the keys ${concatStringsSep ", " known}" isAttrs;
  in {
    inherit (set) expected;
    inherit fields;
    # Names are compared as lists: that takes half of what asking for each does.
    check = value: let
      names = attrNames value;
    in
      isAttrs value
      && attrNames (intersectAttrs value checks) == names
      && attrNames (intersectAttrs demanded value) == required
      && all (name: checks.${name} value.${name}) names;
    problem = inside set (place: value:
      map (name: unknown "unknown key in ${place}:" name known) (attrNames (removeAttrs value known))
      ++ map (name:
        if value ? ${name}
        then null
        else "'${name}' is missing in ${place}; it must be ${fields.${name}.type.expected}")
      required
      ++ map (name: fields.${name}.type.problem "'${name}' in ${place}" value.${name})
      (filter (name: fields ? ${name}) (attrNames value)));
  };

  # A problem of the linkage report that is allowed: `reason`, and at least one of `soname`, `file`
  # and `rule`.
  allowance = let
    text = {
      type = nonEmptyString;
      default = null;
    };
    set = struct {
      reason = {type = nonEmptyString;};
      soname = text;
      file = text;
      rule = {
        type = enum (import ./rules.nix);
        default = null;
      };
    };
    says = value: value ? soname || value ? file || value ? rule;
  in
    set
    // {
      check = value: set.check value && says value;
      problem = place: value:
        if set.check value && !(says value)
        then "${place} must have 'soname', 'file' or 'rule', to say what is allowed"
        else set.problem place value;
    };

  # Whatever one of the two types takes.
  either = a: b: {
    expected = "${a.expected}, or ${b.expected}";
    check = value: a.check value || b.check value;
    problem = place: value:
      if a.check value
      then null
      # A set is judged by the type that takes sets: its message names the bad key.
      else if isAttrs value && b ? fields
      then b.problem place value
      else if b.check value
      then null
      else "${place} must be ${a.expected}, or ${b.expected}, got ${show value}";
  };

  # Not a type: the values of a struct with its defaults filled in.
  withDefaults = fields: let
    defaults = mapAttrs (_: field: field.default) (removeAttrs fields (filter (name: !(fields.${name} ? default)) (attrNames fields)));
  in
    value: defaults // value;
}
