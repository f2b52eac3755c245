# Makes a virtual environment of wheels, for the system's own Python: at its final store path, with the
# wheels' programs in `bin`. It has no pip, unless a wheel of pip is given, and builds nothing. What
# the wheels require must be among them, and each project only once.
#
# Takes the arguments of mkDockerBuild except `src`, `patches`, `outputs` and `buildScript`, and those
# below. Where `systemRunDependencies` are not given, they are the interpreter and what the wheels
# declare, if all that were built declare theirs; what is declared is in the container. Returns and
# throws as mkDockerBuild does.
{
  # From ./internal/build.nix: makes the derivation of checked arguments.
  build,
  # What ./internal/types.nix has.
  types,
  # What ./mkDockerBuild.nix returns: most of its arguments are taken over.
  mkDockerBuild,
}: let
  inherit (builtins) all attrNames attrValues concatMap filter groupBy isAttrs isList;

  arguments =
    removeAttrs mkDockerBuild.arguments ["src" "patches" "outputs" "buildScript"]
    // {
      # The wheels: files, or folders with some (results of mkDockerWheel, of fetchPypi with
      # format = "wheel"), as a list or as the set that mkDockerWheels returns.
      wheels = {type = types.either (types.listOf types.storeFile) (types.attrsOf types.storeFile);};

      # The interpreter of the target that the environment is for: `bin/python` is a link to it.
      python = {
        type = types.interpreter;
        default = "python3";
      };
    };

  function = "mkDockerVirtualenv";
  check = import ./internal/check.nix function arguments;
  store = import ./internal/store.nix;
  builder = import ./internal/folder.nix "virtualenv";
  installer = import ./internal/folder.nix "wheel";

  # What a wheel that was built declares to need; null: it declares nothing.
  needs = wheel: wheel.voyager.systemRunDependencies;
  # What a wheel that was fetched was asked for as; null: it was not. (What was built is checked then.)
  askedFor = wheel:
    if isAttrs wheel && wheel.voyager.kind or null == "pypi"
    then wheel.voyager.package
    else null;
  once = names: attrNames (groupBy (name: name) names);

  mkDockerVirtualenv = given: let
    args = check given;
    listed =
      if isList args.wheels
      then args.wheels
      else attrValues args.wheels;
    # A result of fetchRequirements is what it has fetched, so that each is held to what was asked for.
    isFetched = wheel: isAttrs wheel && wheel ? requirements && wheel ? sdists;
    wheels = concatMap (wheel:
      if isFetched wheel
      then map (one: one.src) (attrValues wheel.requirements)
      else [wheel])
    listed;
    described =
      map (wheel: {
        path = store.file wheel;
        package = askedFor wheel;
      })
      wheels;
    built = filter (wheel: isAttrs wheel && wheel.voyager.kind or null == "wheel") wheels;
    declared = concatMap needs (filter (wheel: needs wheel != null) built);
    systemRunDependencies =
      if args.systemRunDependencies != null
      then args.systemRunDependencies
      else if all (wheel: needs wheel != null) built
      then once ([args.python] ++ declared)
      else null;
  in
    if wheels == []
    then throw "${function}: argument 'wheels' is empty; it must have at least one wheel"
    else
      build {
        inherit builder function given;
        kind = "virtualenv";
        rebuild = mkDockerVirtualenv;
        layers = [
          (args.system.packages.virtualenv args.python)
          (
            if systemRunDependencies == null
            then declared
            else systemRunDependencies
          )
        ];
        inputs = [installer] ++ map (wheel: wheel.path) described;
        settings.VOYAGER_VIRTUALENV = {
          inherit installer;
          name = args.pname;
          wheels = described;
        };
        # The seed is read when the interpreter starts; on it depends what is in the bytecode.
        buildScript = "export PYTHONHASHSEED=0\nexec ${args.python} ${builder}/build.py";
      } (args
        // {
          inherit systemRunDependencies;
          src = null;
          patches = [];
          outputs = ["out"];
        })
      // {inherit (args) python;};
in {
  inherit arguments;
  function = mkDockerVirtualenv;
}
