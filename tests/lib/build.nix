# mkDockerBuild: the spec, and the attributes of the result.
{
  build,
  dependency,
  lib,
  ...
}: let
  spec = args: (build args).voyager;
  layers = args: (spec args).environment.layers;
in {
  "a small build: the whole spec" = {
    value = removeAttrs (spec {}) ["stage" "system"];
    expected = {
      version = 1;
      name = "hello-1.0";
      package = {
        name = "hello";
        version = "1.0";
      };
      kind = "build";
      environment = {
        layers = [];
        lock = null;
        maxAge = 86400;
      };
      src = null;
      patches = [];
      buildScript = "true";
      env = {};
      settings = {};
      path = [];
      result = "directory";
      impureEnv = [];
      network = false;
      transfer = "auto";
      limits = {
        memory = null;
        cpus = null;
        pids = 4096;
      };
      timeout = null;
      silenceTimeout = null;
      systemRunDependencies = null;
      test = null;
      linkage.allow = [];
      products = [];
    };
  };
  "the derivation asks for docker and starts the helper" = {
    value = {inherit (build {}) args builder name outputs requiredSystemFeatures system __structuredAttrs;};
    expected = {
      name = "hello-1.0";
      builder = "/store/node";
      args = ["/store/voyager.cjs" "build"];
      outputs = ["out"];
      system = "x86_64-linux";
      requiredSystemFeatures = ["docker"];
      __structuredAttrs = true;
    };
  };
  "attributes that are not the derivation's" = {
    value = let
      drv = build {
        meta.license = "free";
        passthru.answer = 42;
      };
    in {
      inherit (drv) answer environment meta passthru pname type version;
      system = drv.voyagerSystem.name;
    };
    expected = {
      answer = 42;
      environment = {
        layers = [];
        lock = null;
        maxAge = 86400;
      };
      meta = {
        description = "hello 1.0, built for debian12";
        license = "free";
        platforms = ["x86_64-linux"];
      };
      passthru.answer = 42;
      pname = "hello";
      version = "1.0";
      type = "derivation";
      system = "debian12";
    };
  };
  "passthru cannot break the derivation" = {
    value = (build {passthru.type = "other";}).type;
    expected = "derivation";
  };
  "passthru and meta do not reach the build" = {
    value =
      (build {
        passthru.answer = 42;
        meta.license = "free";
      })
      .drvPath
      == (build {}).drvPath;
    expected = true;
  };
  "an override merges, also as a function" = {
    value = [
      (((build {}).override {version = "2";}).override {pname = "bye";}).name
      ((build {}).override (old: {version = "${old.version}.1";})).name
    ];
    expected = ["bye-2" "hello-1.0.1"];
  };
  "layers are sorted and have nothing twice" = {
    value = layers {systemBuildDependencies = ["make" "gcc" "make"];};
    expected = [["gcc" "make"]];
  };
  "the order of packages does not change the derivation" = {
    value =
      (build {systemBuildDependencies = ["make" "gcc"];}).drvPath
      == (build {systemBuildDependencies = ["gcc" "make"];}).drvPath;
    expected = true;
  };
  "a source that needs an unpacker brings it" = {
    value = map (src: layers {inherit src;}) [
      ./files/archive.tar.xz
      ./files/source
      "${dependency}.zip"
      "${dependency}.tar.bz2"
      "${dependency}.tar.zst"
      "${dependency}.tar.gz"
    ];
    expected = [[["xz-utils"]] [] [["unzip"]] [["bzip2"]] [["zstd"]] []];
  };
  "patches bring patch" = {
    value = layers {
      patches = [./files/fix.patch];
      systemBuildDependencies = ["gcc"];
    };
    expected = [["gcc" "patch"]];
  };
  "memory in units" = {
    value = map (memory: (spec {limits.memory = memory;}).limits.memory) ["16M" "2G" "1T" 16777216 null];
    expected = [16777216 2147483648 1099511627776 16777216 null];
  };
  "given limits keep the other defaults" = {
    value = (spec {limits.cpus = 0.5;}).limits;
    expected = {
      memory = null;
      cpus = 0.5;
      pids = 4096;
    };
  };
  "time limits are in seconds" = {
    value = let
      it = spec {
        timeout = 3600;
        silenceTimeout = 60;
      };
    in [it.timeout it.silenceTimeout];
    expected = [3600 60];
  };
  "a product is of out unless it says otherwise" = {
    value =
      (spec {
        hydraProducts = [
          {
            type = "doc";
            subtype = "manual";
            pattern = "*.html";
          }
        ];
      })
      .products;
    expected = [
      {
        type = "doc";
        subtype = "manual";
        pattern = "*.html";
        output = "out";
      }
    ];
  };
  "a name that the store refuses is made one that it takes" = {
    value = map (args: (build args).name) [
      {version = "1!2.0";}
      {pname = ".hidden thing";}
      {pname = "@scope/name";}
    ];
    expected = ["hello-1-2.0" "_.hidden-thing-1.0" "-scope-name-1.0"];
  };
  "each system has a name of its own" = {
    value = builtins.mapAttrs (_: system: system.name) lib.systems;
    expected = builtins.mapAttrs (name: _: name) lib.systems;
  };
  "what the linkage report may overlook" = {
    value =
      (spec {
        linkage.allow = [
          {
            soname = "libz.a";
            reason = "why";
          }
        ];
      })
      .linkage;
    expected.allow = [
      {
        soname = "libz.a";
        file = null;
        rule = null;
        reason = "why";
      }
    ];
  };
  "the linkage report's place" = {
    value = (build {}).linkage == "${(build {}).outPath}/nix-support/linkage.json";
    expected = true;
  };
  "an index with a password in env" = {
    value = (build {env.PIP_EXTRA_INDEX_URL = "https://a.example.org https://user:secret@b.example.org";}).drvPath;
    error = "mkDockerBuild: argument 'env' gives 'PIP_EXTRA_INDEX_URL' an address with user name or password";
  };
  "a proxy with a token in env" = {
    value = (build {env.https_proxy = "http://token@proxy.example.org:3128";}).drvPath;
    error = "mkDockerBuild: argument 'env' gives 'https_proxy' an address with user name or password";
  };
  "the password of a server that the build itself starts" = {
    value = (spec {env.DATABASE_URL = "postgres://test:test@localhost/test";}).env.DATABASE_URL;
    expected = "postgres://test:test@localhost/test";
  };
}
