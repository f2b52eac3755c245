# What a build may use: its declaration (fields) and its form in the spec (toSpec).
let
  inherit (builtins) elemAt isString match;
  types = import ./types.nix;

  fields = {
    # Memory: bytes or a string like "2G"; null: no limit.
    memory = {
      type = types.nullOr types.memory;
      default = null;
    };
    # Processor cores, may be a fraction; null: no limit.
    cpus = {
      type = types.nullOr types.cpus;
      default = null;
    };
    # Processes and threads: a fork bomb ends here.
    pids = {
      type = types.pids;
      default = 4096;
    };
  };

  units = {
    M = 1024 * 1024;
    G = 1024 * 1024 * 1024;
    T = 1024 * 1024 * 1024 * 1024;
  };

  bytes = memory:
    if isString memory
    then let
      parts = match "([0-9]+)([MGT])" memory;
    in
      builtins.fromJSON (elemAt parts 0) * units.${elemAt parts 1}
    else memory;

  defaults = types.withDefaults fields {};
in {
  inherit fields;
  toSpec = limits:
    if limits == {}
    then defaults
    else let
      all = defaults // limits;
    in
      all // {memory = bytes all.memory;};
}
