# Tests of lib/ as data. A case is { value; expected; }, or { value; error; } where evaluation
# must fail with a message that contains `error`. Nothing here is built.
#
# values: name -> { actual; expected; }, all evaluated in one go.
# errors: name -> expected text.
# failing: name -> the value that must fail, to be evaluated one at a time.
let
  lib = import ../../lib {
    helper = {
      command = ["/store/node" "/store/voyager.cjs"];
      node = ["/store/node"];
    };
    nixSystem = "x86_64-linux";
  };
  # Arguments that every build needs.
  base = {
    pname = "hello";
    version = "1.0";
    system = lib.systems.debian12;
  };
  context = {
    inherit lib base;
    build = args: lib.mkDockerBuild (base // {buildScript = "true";} // args);
    wheel = args: lib.mkDockerWheel (base // args);
    # A derivation that is never built.
    dependency = derivation {
      name = "dependency";
      builder = "/bin/sh";
      system = "x86_64-linux";
      outputs = ["out" "dev"];
    };
  };
  cases =
    import ./aggregate.nix context
    // import ./arguments.nix context
    // import ./build.nix context
    // import ./channel.nix context
    // import ./fetch.nix context
    // import ./lock.nix context
    // import ./meta.nix context
    // import ./requirements.nix context
    // import ./store.nix context
    // import ./system.nix context
    // import ./test.nix context
    // import ./virtualenv.nix context
    // import ./wheel.nix context;
  names = builtins.attrNames cases;
  select = kind:
    builtins.listToAttrs (map (name: {
      inherit name;
      value = cases.${name};
    }) (builtins.filter (name: cases.${name} ? ${kind}) names));
  examples = import ../../examples {voyager = {inherit lib;};};
in {
  values = builtins.mapAttrs (_: case: {
    actual = case.value;
    inherit (case) expected;
  }) (select "expected");
  errors = builtins.mapAttrs (_: case: case.error) (select "error");
  failing = builtins.mapAttrs (_: case: case.value) (select "error");

  # For the helper's own validator.
  specs = builtins.mapAttrs (_: drv: drv.voyager) (examples
    // {
      source = examples.bcrypt.src;
      locked = context.build {
        systemLock = {
          file = ./files/debian12.system.lock.json;
          packages = ./files/packages;
        };
      };
      everything = context.build {
        src = ./files/source;
        patches = [./files/fix.patch];
        env.NUMBER = 1;
        limits = {
          memory = "2G";
          cpus = 0.5;
        };
        timeout = 3600;
        silenceTimeout = 60;
        systemRunDependencies = ["libc6"];
        hydraProducts = [
          {
            type = "doc";
            subtype = "manual";
            pattern = "share/doc/*";
          }
        ];
      };
    });
  systems = builtins.mapAttrs (_: system: system.spec) lib.systems;
  channels = {
    examples =
      (lib.mkChannel {
        name = "examples";
        packages = builtins.removeAttrs examples ["bcryptTest"];
        constituents = [examples.bcryptTest];
        binaryCacheUrl = "https://cache.example.org";
      })
      .channel;
    sources =
      (lib.mkChannel {
        name = "sources";
        packages = {};
        src = ./files/source;
      })
      .channel;
  };
}
