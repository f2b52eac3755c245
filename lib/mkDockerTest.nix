# Tests packages against a system: runs a script in a container that has what the target has, the
# packages and what these refer to, and none of what built them. Then compares the libraries that
# the script's processes loaded with the packages' linkage reports.
#
# The result holds `junit.xml` if the script wrote one to $junit, `loaded.txt`, and
# `nix-support/loaded.json`. The script's failure is the test's; nothing is left of it then, unless
# `keepFailed` is set.
#
# Takes `src`, `env`, `transfer`, `limits`, `timeout`, `silenceTimeout`, `environment`, `systemLock`, `meta` and
# `passthru` as mkDockerBuild does, and the arguments below. Returns and throws as mkDockerBuild does.
{
  # From ./internal/build.nix: makes the derivation of checked arguments.
  build,
  # What ./internal/types.nix has.
  types,
  # What ./mkDockerBuild.nix returns: most of its arguments are taken over.
  mkDockerBuild,
}: let
  inherit (builtins) concatMap concatStringsSep filter head isAttrs isList;

  arguments =
    removeAttrs mkDockerBuild.arguments ["pname" "version" "system" "systemBuildDependencies" "systemRunDependencies" "nixDependencies" "outputs" "buildScript" "patches" "hydraProducts" "linkage"]
    // {
      # What is tested: a result of mkDockerBuild or mkDockerWheel, or a list of several. Each one's
      # `bin` is on PATH; wheels are installed where Python finds them.
      package = {type = types.either types.storeFile (types.listOf types.storeFile);};

      # Script run by `bash -e -o pipefail` in the unpacked `src`. $package is the store path of the
      # (first) package, $packages has all; a JUnit file is written to $junit. What the script refers
      # to in the Nix store is in the container.
      script = {type = types.string;};

      # Name of the test; null: that of the (first) package, and "-test".
      pname = {
        type = types.nullOr types.nonEmptyString;
        default = null;
      };

      # Version of the test; null: that of the (first) package.
      version = {
        type = types.nullOr types.nonEmptyString;
        default = null;
      };

      # The system to test on, which may be another than what the package was built for; null: the
      # (first) package's own.
      system = {
        type = types.nullOr types.system;
        default = null;
      };

      # System packages that the target has beyond the bare system, and what the test itself needs.
      # null: what the packages declare as their own, and nothing for one that declares none.
      systemRunDependencies = {
        type = types.nullOr (types.listOf types.packageName);
        default = null;
      };

      # Wheels that are installed beside the package's: files, or folders with some (a result of
      # mkDockerWheel, or of fetchPypi with format = "wheel"). Nothing is built or downloaded.
      pythonDependencies = {
        type = types.listOf types.storeFile;
        default = [];
      };

      # The interpreter, whose package is always there where wheels are; null: the one that the
      # package was built for, python3 where it has none but pythonDependencies are given.
      python = {
        type = types.nullOr types.interpreter;
        default = null;
      };

      # What becomes of a library that a process loaded and no linkage report has: "tell" (in the log
      # and in the result) or "fail".
      unreported = {
        type = types.enum ["tell" "fail"];
        default = "tell";
      };

      # Whether a test that fails leaves its result all the same, with `nix-support/failed`: what failed. For
      # Nix the build has then succeeded; Hydra shows it as failed, with its reports; mkAggregate refuses it.
      keepFailed = {
        type = types.bool;
        default = false;
      };

      # How loaded libraries are observed: "loader" (the system's loader writes down each, which
      # costs every process an open file descriptor; and samples of /proc/PID/maps) or "maps" (samples
      # alone: programs that end within 50 ms may be missed).
      observe = {
        type = types.enum ["loader" "maps"];
        default = "loader";
      };
    };

  function = "mkDockerTest";
  check = import ./internal/check.nix function arguments;
  store = import ./internal/store.nix;
  runner = import ./internal/folder.nix "test";
  wheels = import ./internal/folder.nix "wheel";

  mkDockerTest = given: let
    args = check given;
    packages =
      if isList args.package
      then args.package
      else [args.package];
    first =
      if packages == []
      then throw "${function}: argument 'package' is an empty list; it must name at least one package"
      else head packages;

    # What the first package says of itself, unless it is given; a mere path says nothing.
    inherited = argument: attribute: change:
      if args.${argument} != null
      then args.${argument}
      else if isAttrs first && first ? ${attribute}
      then change first.${attribute}
      else throw "${function}: argument '${argument}' must be given, because the package is not a result of voyager.lib that has one";

    declared = concatMap (package: let
      needs = package.voyager.systemRunDependencies or null;
    in
      if isAttrs package && needs != null
      then needs
      else [])
    packages;

    interpreters = map (package: package.python) (filter (package: isAttrs package && package ? voyager && package ? python) packages);
    python =
      if args.python != null
      then args.python
      else if interpreters != []
      then head interpreters
      else if args.pythonDependencies != []
      then "python3"
      else null;
    onlyWithPython = value:
      if python == null
      then []
      else value;
    text = concatStringsSep " ";

    paths = map store.file packages;
    dependencies = map store.file args.pythonDependencies;
  in
    build {
      inherit function given;
      kind = "test";
      rebuild = mkDockerTest;
      layers = [(onlyWithPython [python])];
      buildScript = args.script;
      products = [];
      env =
        {
          package = head paths;
          packages = text paths;
          VOYAGER_RUNNER = "sh ${runner}/run.sh";
          VOYAGER_TEST_OBSERVE = args.observe;
          VOYAGER_TEST_PYTHON = text (onlyWithPython [python]);
          VOYAGER_TEST_PYTHON_DEPENDENCIES = text dependencies;
        }
        // (
          if args.keepFailed
          then {VOYAGER_TEST_KEEP_FAILED = "1";}
          else {}
        )
        // (
          if python == null
          then {}
          else {VOYAGER_TEST_INSTALL = "${wheels}/install.py";}
        );
      test = {
        inherit (args) keepFailed unreported;
        packages = paths;
        pythonDependencies = dependencies;
      };
    } (args
      // {
        pname = inherited "pname" "pname" (name: "${name}-test");
        version = inherited "version" "version" (version: version);
        system = inherited "system" "voyagerSystem" (system: system);
        systemBuildDependencies =
          if args.systemRunDependencies == null
          then declared
          else args.systemRunDependencies;
        systemRunDependencies = null;
        nixDependencies = packages;
        outputs = ["out"];
        patches = [];
      });
in {
  inherit arguments;
  function = mkDockerTest;
}
