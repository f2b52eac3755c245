# A value as an error message shows it: its kind, and enough of it to recognise it.
# Looks no deeper than one level, so that a broken element cannot hide the message.
let
  inherit (builtins) attrNames concatStringsSep length replaceStrings stringLength substring toJSON toString typeOf;

  limit = 60;
  shorten = string:
    if stringLength string > limit
    then "${substring 0 limit string}…"
    else string;

  quote = string: "'${shorten (replaceStrings ["\n"] ["\\n"] string)}'";

  showSet = value:
    if value.type or null == "derivation"
    then "the derivation ${quote (value.name or "without a name")}"
    else if value._type or null == "voyagerSystem"
    then "the system ${quote value.name}"
    else "a set with ${keys (attrNames value)}";

  keys = names:
    if names == []
    then "no attributes"
    else "the attributes ${shorten (concatStringsSep ", " names)}";

  showers = {
    string = value: "the string ${quote value}";
    int = value: "the integer ${toString value}";
    float = value: "the number ${toJSON value}";
    bool = value: "the boolean ${toJSON value}";
    path = value: "the path ${toString value}";
    null = _: "null";
    lambda = _: "a function";
    list = value: "a list of ${toString (length value)} elements";
    set = showSet;
  };
in
  value: (showers.${typeOf value} or (_: "a ${typeOf value}")) value
