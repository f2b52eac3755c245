# The package index that this machine's pip uses, or null for pip's own default: PIP_INDEX_URL,
# else `index-url` of pip's configuration files. Restricted and pure evaluation see none of them.
let
  inherit (builtins) concatMap filter getEnv head isList match pathExists readFile split substring;

  home = getEnv "HOME";
  configHome = let
    set = getEnv "XDG_CONFIG_HOME";
  in
    if set != ""
    then set
    else "${home}/.config";

  # A file that is named first wins, as with pip.
  files = filter (file: substring 0 1 file == "/" && pathExists (/. + file)) (
    [(getEnv "PIP_CONFIG_FILE")]
    ++ (
      if home == ""
      then []
      else ["${configHome}/pip/pip.conf" "${home}/.pip/pip.conf"]
    )
    ++ ["/etc/pip.conf"]
  );

  addresses = file:
    concatMap (line:
      if isList line
      then []
      else let
        found = match "index[-_]url[ \t]*[=:][ \t]*([^ \t]+)[ \t]*" line;
      in
        if found == null
        then []
        else found) (split "\r?\n" (readFile (/. + file)));

  configured = concatMap addresses files;

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
