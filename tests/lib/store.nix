# Which store paths the container may see.
{
  build,
  dependency,
  wheel,
  ...
}: let
  # The closure without the scripts that every build has.
  closure = drv:
    builtins.filter (path: builtins.match ".*-voyager-(build|wheel)" path == null) drv.exportReferencesGraph.closure;
  plain = map builtins.unsafeDiscardStringContext;
  text = builtins.toFile "data.txt" "data";
  out = "${dependency}";
  dev = "${dependency.dev}";
  # Whether Nix knows that the build needs the dependency's output.
  needs = drv: let
    inputs = builtins.attrNames (builtins.getContext (builtins.toJSON drv.exportReferencesGraph));
  in
    builtins.elem (builtins.unsafeDiscardStringContext dependency.drvPath) inputs;
in {
  "a path only in buildScript is in the closure" = {
    value = let
      drv = build {buildScript = "cp ${dependency}/data ${text} $out";};
    in {
      closure = plain (closure drv);
      known = needs drv;
      inherit (drv.voyager) path;
    };
    expected = {
      closure = builtins.sort builtins.lessThan (plain [out text]);
      known = true;
      path = [];
    };
  };
  "a path only in a variable is in the closure" = {
    value = plain (closure (build {env.DATA = "a:${text}:${dependency.dev}/include";}));
    expected = builtins.sort builtins.lessThan (plain [text dev]);
  };
  "a path only in a setting of the build backend is in the closure" = {
    value = let
      drv = wheel {
        configSettings = {
          flag = true;
          one = "--with=${dependency.dev}/include";
          list = ["-a" "--data=${text}"];
        };
      };
    in
      plain (builtins.filter (path: path != drv.voyager.src) (closure drv));
    expected = builtins.sort builtins.lessThan (plain [text dev]);
  };
  "a variable that is a path or derivation" = {
    value = let
      drv = build {
        env = {
          DEPENDENCY = dependency;
          FILE = ./files + "/company ca.pem";
          NUMBER = 3;
        };
      };
    in {
      inherit (drv.voyager.env) NUMBER;
      dependency = drv.voyager.env.DEPENDENCY == out;
      named = builtins.match ".*-company-ca.pem" drv.voyager.env.FILE != null;
      closure = builtins.length (closure drv);
    };
    expected = {
      NUMBER = "3";
      dependency = true;
      named = true;
      closure = 2;
    };
  };
  "outputs whose names begin alike are told apart" = {
    value = plain (closure (build {buildScript = "${dependency.dev} ${dependency}.orig ${dependency}/x";}));
    expected = builtins.sort builtins.lessThan (plain [out dev]);
  };
  "text that only looks like a store path is no dependency" = {
    value = plain (closure (build {
      buildScript = "${builtins.storeDir}/00000000000000000000000000000000-other ${text}";
    }));
    expected = plain [text];
  };
  "nixDependencies are in the closure and on path" = {
    value = let
      drv = build {nixDependencies = [dependency "${dependency.dev}/bin"];};
    in {
      closure = plain (closure drv);
      path = plain drv.voyager.path;
    };
    expected = {
      closure = builtins.sort builtins.lessThan (plain [out dev]);
      path = plain [out "${dev}/bin"];
    };
  };
  "a source folder has no name of its own" = {
    value = builtins.match ".*/[0-9a-z]{32}-source" (build {src = ./files/source;}).voyager.src != null;
    expected = true;
  };
  "source, patches and script are in the closure" = {
    value = builtins.length (closure (build {
      src = ./files/archive.tar.xz;
      patches = [./files/fix.patch];
    }));
    expected = 2;
  };
  "keys and certificates of the system are not in the closure" = {
    value = closure (build {});
    expected = [];
  };
  "python dependencies are in the closure" = {
    value = plain (closure (wheel {pythonBuildDependencies = [dependency];}));
    expected = plain [out];
  };
}
