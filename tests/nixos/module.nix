# The configuration that nixos/module.nix makes, with stand-ins for the little of nixpkgs that it uses.
let
  module = import ../../nixos/module.nix {
    lib = {
      mkEnableOption = description: {inherit description;};
      mkOption = option: option;
      mkIf = condition: value:
        if condition
        then value
        else {};
      mkDefault = value: value;
      types = {
        package = "package";
        str = "str";
      };
    };
    pkgs = {
      coreutils = "/coreutils";
      formats.json = _: {
        type = "json";
        generate = name: value: "${name}:${builtins.toJSON value}";
      };
    };
    config.services.nix-voyager =
      builtins.mapAttrs (_: option: option.default or null) module.options.services.nix-voyager
      // {
        enable = true;
        package = "/voyager";
        policy.systems = "any";
        settings.maxBuilds = 8;
      };
  };
in
  module.config
