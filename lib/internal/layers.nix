let
  inherit (builtins) attrNames concatLists filter foldl' groupBy removeAttrs toString;

  # Sorted, each once, without those of the layers before.
  add = before: layer: before ++ [(attrNames (removeAttrs (groupBy toString layer) (concatLists before)))];
in
  layers: filter (layer: layer != []) (foldl' add [] layers)
