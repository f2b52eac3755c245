# The known name that a misspelt one most probably meant. Used on the failure path only.
let
  inherit (builtins) elemAt foldl' genList stringLength substring;

  min = a: b:
    if a < b
    then a
    else b;

  characters = string: genList (i: substring i 1 string) (stringLength string);

  # Levenshtein distance, one row of the table at a time.
  distance = a: b: let
    columns = characters b;
    width = stringLength b;
    nextRow = row: character:
      foldl'
      (cells: column: let
        substituted =
          elemAt row column
          + (
            if elemAt columns column == character
            then 0
            else 1
          );
        cell = min substituted (1 + min (elemAt row (column + 1)) (elemAt cells column));
      in
        cells ++ [cell])
      [(elemAt row 0 + 1)]
      (genList (i: i) width);
  in
    elemAt (foldl' nextRow (genList (i: i) (width + 1)) (characters a)) width;
in
  # name: what was written; known: list of names. Returns a name, or null when none is near.
  name: known: let
    closer = best: candidate: let
      d = distance name candidate;
    in
      if best == null || d < best.distance
      then {
        distance = d;
        name = candidate;
      }
      else best;
    best = foldl' closer null known;
    # A third of the letters may differ: more is another word, not a misspelling.
    limit = 1 + stringLength name / 3;
  in
    if best != null && best.distance <= limit
    then best.name
    else null
