# The system lock of a build: what the spec says of it, and what `voyager lock` asks for.
# helper/src/environment/lock/lock-file.ts has the file's fields and their meaning.
let
  inherit (builtins) addErrorContext any attrNames baseNameOf concatLists concatStringsSep elem elemAt filter fromJSON groupBy isAttrs isList isPath map match pathExists readFile replaceStrings substring unsafeDiscardStringContext;

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

  # Whether a request (gcc, gcc:amd64, gcc=1.2) is met by the packages of that name. What was asked
  # for when the lock was made is met, too: that may be a virtual name, which no package bears.
  isMet = lock: byName: request: let
    parts = match "([^:=]+)(:([^=]+))?(=(.+))?" request;
    arch = elemAt parts 2;
    version = elemAt parts 4;
  in
    elem request lock.requested
    || any (package: (arch == null || package.arch == arch) && (version == null || package.version == version))
    (byName.${elemAt parts 0} or []);

  check = function: system: requested: file: lock: let
    met = isMet lock (groupBy (package: package.name) lock.packages);
    missing = filter (request: !(met request)) requested;
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
  # system:   its argument system.
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
