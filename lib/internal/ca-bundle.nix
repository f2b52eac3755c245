# The CA bundle that downloads trust, as a store path; null: the container's own.
# given: what the caller of default.nix chose, or null for what the machine's settings say.
# Restricted and pure evaluation see neither the settings nor the file, and get null.
given: let
  store = import ./store.nix;
  candidates = [
    (builtins.getEnv "NIX_SSL_CERT_FILE")
    (builtins.getEnv "SSL_CERT_FILE")
    "/etc/ssl/certs/ca-certificates.crt"
  ];
  exists = file: builtins.substring 0 1 file == "/" && builtins.pathExists (/. + file);
  found = builtins.filter exists candidates;
in
  if given != null
  then store.textFile given
  else if found == []
  then null
  else store.textFile (/. + builtins.head found)
