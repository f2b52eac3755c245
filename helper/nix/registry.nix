# The address of the npm registry, without a slash at its end, or null where nothing says it.
#
# None is written in this project: it is what the machine is set to use, else what the machine's
# npm has as its default. Only the `registry` line of a settings file is used, never a token:
# for a registry with a password use Nix's `netrc-file`.
{
  # Given by the user; null: ask the machine.
  npmRegistry,
  # nixpkgs, whose npm is asked last; or null.
  pkgs,
}: let
  # Paths that may not be read (pure or restricted evaluation) count as absent.
  readIfPresent = path:
    if builtins.pathExists path
    then builtins.readFile path
    else "";

  # The first group of the first line of `text` that matches; null: none.
  firstMatch = pattern: text: let
    lines = builtins.filter builtins.isString (builtins.split "\n" text);
    matches = builtins.filter (m: m != null) (map (builtins.match pattern) lines);
  in
    if matches == []
    then null
    else builtins.head (builtins.head matches);

  ofSettings = path: firstMatch "[[:space:]]*registry[[:space:]]*=[[:space:]]*\"?([^\"[:space:]]+)\"?[[:space:]]*" (readIfPresent path);
  ofNpm = folder: firstMatch "[[:space:]]*registry: '([^']+)',?" (readIfPresent "${folder}/node_modules/npm-registry-fetch/lib/default-opts.js");

  variable = name: let
    value = builtins.getEnv name;
  in
    if value == ""
    then null
    else value;
  home = builtins.getEnv "HOME";
  # Beside each `bin` on PATH, as version managers lay Node out.
  besidePath = map (bin: "${bin}/../lib/node_modules/npm") (
    builtins.filter (entry: builtins.isString entry && builtins.match "/.*" entry != null)
    (builtins.split ":" (builtins.getEnv "PATH"))
  );

  candidates =
    [
      npmRegistry
      (variable "npm_config_registry")
      (variable "NPM_CONFIG_REGISTRY")
      (
        if home == ""
        then null
        else ofSettings "${home}/.npmrc"
      )
      (ofSettings "/etc/nix-voyager/npmrc")
      (ofSettings "/etc/npmrc")
      (ofSettings "/usr/etc/npmrc")
      (ofSettings "/usr/local/etc/npmrc")
    ]
    ++ map ofNpm (["/usr/share/nodejs/npm" "/usr/lib/node_modules/npm" "/usr/local/lib/node_modules/npm"] ++ besidePath)
    ++ [
      (
        # That npm has to be built to be read, which Hydra may not allow evaluation to ask for: not where
        # evaluation is restricted and sees no variables.
        if pkgs == null || home == ""
        then null
        else ofNpm "${pkgs.nodejs}/lib/node_modules/npm"
      )
    ];
  # The first that is known; those after it are not even looked at.
  known =
    builtins.foldl' (found: next:
      if found == null
      then next
      else found)
    null
    candidates;
  hasCredentials = import ../../lib/internal/credentials.nix;
in
  if known == null
  then null
  else if hasCredentials known
  then throw "nix-voyager: the address of the npm registry has credentials in it, which everyone could read in the Nix store; give them in Nix's netrc-file and leave them out of npm's settings or npmRegistry"
  else builtins.head (builtins.match "(.*[^/])/*" known)
