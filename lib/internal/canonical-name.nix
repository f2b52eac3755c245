# A Python project's name as PEP 503 compares it: lower case, and one separator (here "-", unless
# another is given) for a run of them.
let
  inherit (builtins) concatStringsSep genList isList replaceStrings split stringLength substring;
  characters = string: genList (i: substring i 1 string) (stringLength string);
  capitals = characters "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
  letters = characters "abcdefghijklmnopqrstuvwxyz";
in
  separator: name:
    concatStringsSep "" (map (piece:
      if isList piece
      then separator
      else piece) (split "[-_.]+" (replaceStrings capitals letters name)))
