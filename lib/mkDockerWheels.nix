# The wheels of a requirements file: what it has as a wheel of pure Python as it is, and of each sdist
# the wheel that mkDockerWheel builds.
#
# Takes the arguments of mkDockerWheel that all have in common, and those below. Returns a set, by the
# project's name in lower case with dashes, of results of mkDockerWheel and fetchPypi: as `wheels` of
# mkDockerVirtualenv. Throws as fetchRequirements and mkDockerWheel do, and on overrides of a project
# that is not built.
{
  # What ./fetchRequirements.nix returns: reads the requirements file.
  fetchRequirements,
  # What ./mkDockerWheel.nix returns: builds each wheel, and has the arguments that all have in common.
  mkDockerWheel,
  # What ./internal/types.nix has.
  types,
}: let
  inherit (builtins) attrNames filter head isAttrs isFunction listToAttrs mapAttrs;

  arguments =
    removeAttrs mkDockerWheel.arguments ["pname" "version" "src" "patches" "outputs" "systemRunDependencies" "configSettings" "linkage" "meta" "passthru"]
    // {
      # The requirements file, or what fetchRequirements made of it.
      requirements = {type = types.storeFile;};

      # What single projects need: a set, by the project's name, of sets of arguments of mkDockerWheel,
      # which take the place of the common ones; or a function from the resulting wheels to such a set,
      # so that one can be built with another (`pythonBuildDependencies`).
      overrides = {
        type = types.either (types.attrsOf types.attrs) (types.functionTo "a set of sets of arguments");
        default = {};
      };
    };

  function = "mkDockerWheels";
  check = import ./internal/check.nix function arguments;
  canonical = import ./internal/canonical-name.nix "-";
  unknown = import ./internal/unknown.nix;

  # Overrides by the names that the requirements have, checked.
  overridesOf = requirements: given: let
    byName = listToAttrs (map (name: {
      name = canonical name;
      value = given.${name};
    }) (attrNames given));
    strange = filter (name: !(requirements ? ${name})) (attrNames byName);
    built = filter (name: requirements.${name}.format == "sdist") (attrNames requirements);
    superfluous = filter (name: requirements.${name}.format == "wheel") (attrNames byName);
  in
    if strange != []
    then throw "${function}: ${unknown "argument 'overrides' has the project" (head strange) built}"
    else if superfluous != []
    then throw "${function}: argument 'overrides' has the project '${head superfluous}', which is not built: the requirements have a wheel of it; take the hash of its sdist instead, or leave the override out"
    else byName;

  mkDockerWheels = given: let
    args = check given;
    inherit
      (
        if isAttrs args.requirements && args.requirements ? requirements
        then args.requirements
        else fetchRequirements.function args.requirements
      )
      requirements
      ;
    common = removeAttrs given ["requirements" "overrides"];
    overrides = overridesOf requirements (
      if isFunction args.overrides
      then args.overrides wheels
      else args.overrides
    );
    wheel = name: one:
      if one.format == "wheel"
      then one.src
      else mkDockerWheel.function (common // {inherit (one) pname version src;} // overrides.${name} or {});
    wheels = mapAttrs wheel requirements;
  in
    wheels;
in {
  inherit arguments;
  function = mkDockerWheels;
}
