# The package index that this machine's pip uses, or null for pip's own default: PIP_INDEX_URL,
# else `index-url` of pip's configuration files. Restricted and pure evaluation see none of them.
let
  inherit (builtins) concatMap elemAt filter foldl' getEnv head isString match pathExists readFile split substring;

  home = getEnv "HOME";
  own = getEnv "PIP_CONFIG_FILE";
  environment = getEnv "VIRTUAL_ENV";
  variableOr = default: name: let
    set = getEnv name;
  in
    if set != ""
    then set
    else default;
  configHome = variableOr "${home}/.config" "XDG_CONFIG_HOME";
  configDirs = filter isString (split ":" (variableOr "/etc/xdg" "XDG_CONFIG_DIRS"));

  optional = condition: list:
    if condition
    then list
    else [];
  isThere = file: substring 0 1 file == "/" && pathExists (/. + file);
  # A file that is named first wins, as with pip, whose order is the other way round; one that is named
  # by the variable has the user's place, too.
  files = optional (own != "/dev/null") (filter isThere (
    [own]
    ++ optional (environment != "") ["${environment}/pip.conf"]
    ++ optional (home != "" && !isThere own) ["${configHome}/pip/pip.conf" "${home}/.pip/pip.conf"]
    ++ ["/etc/pip.conf"]
    ++ foldl' (found: folder: ["${folder}/pip/pip.conf"] ++ found) [] configDirs
  ));

  # Of each line of a file that sets it: { section; value; }, the last line of the file first.
  settings = file: let
    read = state: line: let
      section = match "[ \t]*\\[([^]]*)][ \t]*" line;
      value = match "[ \t]*(--)?index[-_]url[ \t]*[=:][ \t]*([^ \t]*)[ \t]*" line;
    in
      if section != null
      then state // {section = head section;}
      else if value != null
      then
        state
        // {
          found =
            [
              {
                inherit (state) section;
                value = elemAt value 1;
              }
            ]
            ++ state.found;
        }
      else state;
    none = {
      section = "";
      found = [];
    };
  in
    (foldl' read none (filter isString (split "\r?\n" (readFile (/. + file))))).found;

  all = concatMap settings files;
  # A section wins over those behind it here, whichever files they are in: see builders/pypi/voyager_pypi/settings.py.
  # One that is empty hides that of the files before.
  ofSection = section: let
    set = filter (one: one.section == section) all;
  in
    if set == [] || (head set).value == ""
    then []
    else [(head set).value];
  configured = concatMap ofSection ["download" "install" "global"];

  # With credentials it is left to the variable itself, which reaches the fetch as an impure one.
  credentials = import ./credentials.nix;
  variable = getEnv "PIP_INDEX_URL";
in
  if variable != ""
  then
    if credentials variable
    then null
    else variable
  else if configured == []
  then null
  else head configured
