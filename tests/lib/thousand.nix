# What a thousand declarations cost, beside a thousand bare derivations with the same attributes.
let
  lib = import ../../lib {
    helper.command = ["/store/node" "/store/voyager.cjs"];
    nixSystem = "x86_64-linux";
  };
  declare = number:
    lib.mkDockerWheel {
      pname = "package${number}";
      version = "1.${number}";
      src = "${./files/source}";
      system = lib.systems.debian12;
      systemBuildDependencies = ["libffi-dev" "python3-cffi"];
      env.NUMBER = number;
      meta.description = "One of many";
    };
  model = declare "model";
  bare = number:
    derivation {
      name = "package${number}-1.${number}";
      inherit (model) args builder outputs requiredSystemFeatures system __structuredAttrs;
      exportReferencesGraph.closure = model.exportReferencesGraph.closure;
      voyager =
        model.voyager
        // {
          name = "package${number}-1.${number}";
          src = "${./files/source}";
          env = model.voyager.env // {NUMBER = number;};
        };
    };
  thousand = make: builtins.genList (i: make (toString i)) 1000;
in {
  declared = thousand declare;
  bare = thousand bare;
}
