# The jobs of a jobset, found as Hydra's evaluator finds them (hydra-eval-jobs.cc): it looks into sets,
# calls functions with the inputs that they name, skips names with spaces and what is null, and takes
# everything else for an error.
{
  # The value of the jobset's expression.
  jobs,
  # Inputs by name.
  inputs ? {},
}: let
  inherit (builtins) attrNames concatMap concatStringsSep functionArgs intersectAttrs isAttrs isFunction listToAttrs map match typeOf;

  call = value:
    if isFunction value
    then call (value (intersectAttrs (functionArgs value) inputs))
    else value;

  job = path: drv: {
    job = concatStringsSep "." path;
    inherit (drv) name drvPath system meta;
    outputs = listToAttrs (map (name: {
        inherit name;
        value = drv.${name}.outPath;
      })
      (drv.outputs or ["out"]));
    constituents =
      if drv._hydraAggregate or false
      then map (constituent: constituent.drvPath) drv.constituents
      else null;
  };

  visit = path: given: let
    value = call given;
    below = name:
      if match ".* .*" name != null
      then []
      else visit (path ++ [name]) value.${name};
  in
    if value == null
    then []
    else if !(isAttrs value)
    then throw "${concatStringsSep "." path} is a ${typeOf value}, which Hydra takes for no job"
    else if value.type or null == "derivation"
    then [(job path value)]
    else concatMap below (attrNames value);
in
  visit [] jobs
