# Makes the checker of a function's arguments.
#
# function:  name for the messages.
# arguments: name -> { type; default? }; without a default the argument must be given.
# Returns args -> args with the defaults filled in; throws on the first problem. Defaults are
# trusted, and messages are worked out only after a check has failed, so that a correct
# declaration costs one cheap test for each argument it gives.
let
  inherit (builtins) attrNames filter isAttrs removeAttrs;
  types = import ./types.nix;
  unknown = import ./unknown.nix;
  show = import ./show.nix;
in
  function: arguments: let
    known = attrNames arguments;
    type = types.struct arguments;
    fill = types.withDefaults arguments;

    explain = args:
      if !(isAttrs args)
      then "expected a set of arguments, got ${show args}"
      else let
        unknownNames = attrNames (removeAttrs args known);
        missing = filter (name: !(arguments.${name} ? default) && !(args ? ${name})) known;
        problems = filter (problem: problem != null) (map
          (name: arguments.${name}.type.problem "argument '${name}'" args.${name})
          (attrNames args));
      in
        if unknownNames != []
        then unknown "unknown argument" (builtins.head unknownNames) known
        else if missing != []
        then let
          name = builtins.head missing;
        in "argument '${name}' is missing; it must be ${arguments.${name}.type.expected}"
        else builtins.head problems;
  in
    args:
      if type.check args
      then fill args
      else throw "${function}: ${explain args}"
