# The system lock of a build: what the spec says of it, and what `voyager lock` asks for.
# helper/src/environment/lock/lock-file.ts has the file's fields and their meaning.
let
  inherit (builtins) addErrorContext attrNames concatLists concatStringsSep filter fromJSON groupBy isAttrs isList isPath listToAttrs map pathExists readFile replaceStrings substring unsafeDiscardStringContext;

  store = import ./store.nix;
  schema = "voyager-system-lock/1";

  # The two forms in which it is given as one: a file, or a set.
  normalise = given:
    if isAttrs given && !(given ? outPath)
    then {packages = null;} // given
    else {
      file = given;
      packages = null;
    };

  # A path of the disk as text, without copying it to the store: it need not exist yet.
  pathText = value:
    if isPath value
    then toString value
    else null;

  read = function: file:
    if isPath file && !(pathExists file)
    then throw "${function}: the system lock ${toString file} does not exist; make it with `voyager lock`"
    else
      addErrorContext "while reading the system lock ${toString file}"
      (fromJSON (unsafeDiscardStringContext (readFile file)));

  # What the lock has, under every name by which a package can be asked for: name, name:arch, and
  # both with =version; and what was asked for when it was made, since that may be a virtual name.
  namesIn = lock:
    listToAttrs (map (name: {
        inherit name;
        value = null;
      }) (lock.requested
        ++ concatLists (map (package: let
          full = "${package.name}:${package.arch}";
        in [package.name full "${package.name}=${package.version}" "${full}=${package.version}"])
        lock.packages)));

  check = function: system: requested: file: lock: let
    names = namesIn lock;
    missing = filter (name: !(names ? ${name})) requested;
    anew = "run `voyager lock` again";
  in
    if !(isAttrs lock) || lock.schema or null != schema || !(isList (lock.packages or null)) || !(isList (lock.requested or null))
    then throw "${function}: ${toString file} is not a system lock (of the form ${schema}); make it with `voyager lock`"
    else if lock.system or null != system.name
    then throw "${function}: the system lock ${toString file} is for '${toString (lock.system or "")}', but the build's system is '${system.name}'; make one for it with `voyager lock`"
    else if missing != []
    then throw "${function}: the system lock ${toString file} does not have ${concatStringsSep ", " (map (name: "'${name}'") missing)}; ${anew}"
    else lock;

  # As prefetchedName in the helper.
  fileName = package: "${package.name}_${replaceStrings [":"] ["%3a"] package.version}_${package.arch}.${substring 0 16 (toString package.sha256)}.deb";

  # Of a folder on the disk only what the lock names: others may lie there for other locks.
  folder = lock: packages:
    if packages == null
    then null
    else if !(isPath packages)
    then store.file packages
    else let
      wanted = groupBy fileName lock.packages;
    in
      builtins.path {
        name = "system-packages";
        path = packages;
        filter = path: _: wanted ? ${baseNameOf path};
      };
in
  # function: the public function, for messages.
  # given:    its argument systemLock.
  # layers:   what the build asks for.
  {
    function,
    system,
    given,
    layers,
  }: let
    requested = attrNames (groupBy (name: name) (concatLists layers));
    inherit (normalise given) file packages;
    lock = check function system requested file (read function file);
  in {
    # For the spec.
    spec =
      if given == null
      then null
      else {
        file = builtins.seq lock (store.file file);
        packages = folder lock packages;
      };

    # For `voyager lock`: does not read the lock, which may not fit or not exist yet.
    request = {
      system = system.spec;
      inherit requested;
      file =
        if given == null
        then null
        else pathText file;
      packages =
        if given == null
        then null
        else pathText packages;
    };
  }
