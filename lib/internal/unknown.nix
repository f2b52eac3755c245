# The message about a name that is not among the known ones.
# what: "unknown argument" or the like; name: as written; known: list of names.
let
  nearest = import ./nearest.nix;
in
  what: name: known: let
    meant = nearest name known;
    hint =
      if meant == null
      then "."
      else "; did you mean '${meant}'?";
  in "${what} '${name}'${hint} Known: ${builtins.concatStringsSep ", " known}"
