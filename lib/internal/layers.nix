# Layers of packages in the one form that the helper hashes: each layer sorted, nothing twice,
# nothing that an earlier layer has, no empty layer. So the same need is the same environment.
let
  inherit (builtins) attrNames filter foldl' groupBy removeAttrs;
  set = groupBy (name: name);
in
  layers: let
    add = acc: layer: let
      new = removeAttrs (set layer) acc.seen;
      names = attrNames new;
    in {
      seen = acc.seen ++ names;
      result = acc.result ++ [names];
    };
  in
    filter (layer: layer != [])
    (foldl' add {
        seen = [];
        result = [];
      }
      layers)
    .result
