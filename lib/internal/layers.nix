# Layers of packages in the one form that the helper hashes: each layer sorted, nothing twice,
# nothing that an earlier layer has, no empty layer. So the same need is the same environment.
let
  inherit (builtins) attrNames concatLists filter foldl' groupBy removeAttrs;

  set = groupBy (name: name);
  add = before: layer: before ++ [(attrNames (removeAttrs (set layer) (concatLists before)))];
in
  layers: filter (layer: layer != []) (foldl' add [] layers)
