# Builds one Python wheel from an sdist or a source tree, without build isolation and without
# network. The wheel lies at the top of the result. The compiler, the interpreter's headers,
# setuptools and wheel are always there.
#
# Takes the arguments of mkDockerBuild except `buildScript` and `hydraProducts`, which a wheel
# has of its own, and those below. Returns and throws as mkDockerBuild does.
{
  # From ./internal/build.nix: makes the derivation of checked arguments.
  build,
  # What ./internal/types.nix has.
  types,
  # What ./mkDockerBuild.nix returns: most of its arguments are taken over.
  mkDockerBuild,
}: let
  inherit (builtins) attrValues concatMap isBool isList mapAttrs toJSON;

  arguments =
    removeAttrs mkDockerBuild.arguments ["buildScript" "hydraProducts"]
    // {
      # The interpreter that the wheel is for; the packages of its headers follow from the name.
      python = {
        type = types.interpreter;
        default = "python3";
      };

      # Python packages that the build needs, beyond those of the system: wheels or sdists, or
      # folders of them (a result of mkDockerWheel).
      pythonBuildDependencies = {
        type = types.listOf types.storeFile;
        default = [];
      };

      # Settings for the package's build backend (PEP 517 `config_settings`): strings, lists of
      # strings, or booleans, which become "true" and "false".
      configSettings = {
        type = types.attrsOf (types.either types.string (types.either types.bool (types.listOf types.string)));
        default = {};
      };
    };

  function = "mkDockerWheel";
  check = import ./internal/check.nix function arguments;
  store = import ./internal/store.nix;
  builder = import ./internal/folder.nix "wheel";
  text = setting:
    if isBool setting
    then toJSON setting
    else setting;
  products = [
    {
      type = "file";
      subtype = "wheel";
      output = "out";
      pattern = "*.whl";
    }
  ];

  mkDockerWheel = given: let
    args = check given;
    findLinks = map store.file args.pythonBuildDependencies;
    configSettings = mapAttrs (_: text) args.configSettings;
    texts = setting:
      if isList setting
      then setting
      else [setting];
  in
    build {
      inherit builder function given;
      kind = "wheel";
      rebuild = mkDockerWheel;
      layers = [(args.system.packages.wheel args.python)];
      inputs = findLinks ++ concatMap texts (attrValues configSettings);
      settings.VOYAGER_WHEEL = {
        inherit configSettings findLinks;
        package = {
          name = args.pname;
          inherit (args) version;
        };
      };
      # The seed is read when the interpreter starts: build.py would have to start it again.
      buildScript = "export PYTHONHASHSEED=0\nexec ${args.python} ${builder}/build.py";
      inherit products;
    }
    args
    // {inherit (args) python;};
in {
  inherit arguments;
  function = mkDockerWheel;
}
