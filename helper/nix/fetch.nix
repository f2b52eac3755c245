# The archive of one npm package, downloaded by Nix itself.
{
  # From ./registry.nix.
  registry,
}: {
  # The package, with its scope: "@a/b".
  name,
  # Its exact version.
  version,
  # Its hash as npm's lock files give it: "sha512-...".
  integrity,
}: let
  # The scope is not part of the file's name, nor are its characters allowed in a store path.
  file = "${builtins.elemAt (builtins.match "(@[^/]+/)?([^/]+)" name) 1}-${version}.tgz";
in
  derivation {
    name = file;
    system = "builtin";
    builder = "builtin:fetchurl";
    url =
      if registry == null
      # Not an error of the evaluation: nothing needs to be fetched where the result exists.
      then "npm-registry-is-not-known-to-nix-voyager-set-npm_config_registry://${name}"
      else "${registry}/${name}/-/${file}";
    urls = [];
    outputHash = integrity;
    outputHashAlgo = "";
    outputHashMode = "flat";
    executable = false;
    unpack = false;
    preferLocalBuild = true;
    impureEnvVars = ["http_proxy" "https_proxy" "all_proxy" "no_proxy"];
  }
