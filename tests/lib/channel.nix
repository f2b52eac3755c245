# mkChannel: what it hands the helper, and what it refuses.
{
  build,
  dependency,
  lib,
  wheel,
  ...
}: let
  plain = builtins.unsafeDiscardStringContext;
  channel = args: lib.mkChannel ({name = "acme";} // args);
  spec = args: builtins.fromJSON (plain (builtins.toJSON (channel args).channel));
  hello = build {outputs = ["out" "dev"];};
  module = wheel {
    meta = {
      description = "A module";
      license.shortName = "MIT";
      timeout = 5;
    };
  };
  test = lib.mkDockerTest {
    package = module;
    script = "true";
  };
  packages = {inherit hello;};
in {
  "a channel names each output by its store path" = {
    value = builtins.head (spec {inherit packages;}).packages;
    expected = {
      attribute = "hello";
      name = "hello-1.0";
      version = "1.0";
      system = "x86_64-linux";
      outputs = [
        {
          name = "out";
          path = plain hello.outPath;
        }
        {
          name = "dev";
          path = plain hello.dev.outPath;
        }
      ];
      meta = {
        description = "hello 1.0, built for debian12";
        outputsToInstall = ["out"];
      };
    };
  };
  "what nix-env shows is told, what is for Hydra alone is not" = {
    value = (builtins.head (spec {packages.module = module;}).packages).meta;
    expected = {
      description = "A module";
      license.shortName = "MIT";
      outputsToInstall = ["out"];
    };
  };
  "packages come in the order of their names, with what else must succeed" = {
    value = let
      it = spec {
        packages = {
          b = module;
          a = hello;
        };
        constituents = [test];
        binaryCacheUrl = "https://cache.example.org";
      };
    in {
      inherit (it) name binaryCacheUrl src constituents;
      attributes = map (package: package.attribute) it.packages;
    };
    expected = {
      name = "acme";
      binaryCacheUrl = "https://cache.example.org";
      src = null;
      constituents = map (drv: plain drv.outPath) [hello module test];
      attributes = ["a" "b"];
    };
  };
  "it is a channel and an aggregate to Hydra" = {
    value = let
      it = channel {
        packages = {inherit hello;};
        meta.maintainers = ["x@example.org"];
      };
    in {
      inherit (it) name meta _hydraAggregate;
      constituents = map (drv: drv.drvPath == hello.drvPath) it.constituents;
      needs = builtins.attrNames (builtins.getContext (builtins.toJSON it.channel)) == [(plain hello.drvPath)];
    };
    expected = {
      name = "acme";
      meta = {
        description = "The channel acme";
        isHydraChannel = true;
        maintainers = ["x@example.org"];
      };
      _hydraAggregate = true;
      constituents = [true];
      needs = true;
    };
  };
  "a channel of sources has its own expressions" = {
    value =
      builtins.match "/nix/store/.*-source"
      (spec {
        packages = {};
        src = ./files/source;
      })
      .src
      != null;
    expected = true;
  };
  "building one needs no engine" = {
    value = (channel {inherit packages;}) ? requiredSystemFeatures;
    expected = false;
  };
  "override takes the arguments of the channel" = {
    value = ((channel {inherit packages;}).override {name = "other";}).name;
    expected = "other";
  };
  "a package without a linkage report" = {
    value = channel {packages = {inherit dependency;};};
    error = "mkChannel: 'dependency' in argument 'packages' must be a result of mkDockerBuild or mkDockerWheel, got the derivation 'dependency'";
  };
  "a test is no package" = {
    value = channel {packages = {inherit test;};};
    error = "mkChannel: 'test' in argument 'packages' must be a result of mkDockerBuild or mkDockerWheel";
  };
  "a name that nobody could install" = {
    value = (channel {packages."a b" = hello;}).drvPath;
    error = "mkChannel: argument 'packages' has the name 'a b'; a name that can be given to nix-env begins with";
  };
  "a name that is no channel's" = {
    value = channel {
      inherit packages;
      name = "Acme Inc.";
    };
    error = "mkChannel: argument 'name' must be a short name of lower-case letters, digits, '.', '-' and '_', got the string 'Acme Inc.'";
  };
  "a cache with a password in its address" = {
    value = channel {
      inherit packages;
      binaryCacheUrl = "https://user:secret@cache.example.org";
    };
    error = "mkChannel: argument 'binaryCacheUrl' must be an address without user name and password, which everyone could read in the Nix store";
  };
  "what must succeed is built" = {
    value = channel {
      inherit packages;
      constituents = ["a"];
    };
    error = "mkChannel: element 1 of argument 'constituents' must be a derivation, got the string 'a'";
  };
  "a misspelt argument of a channel" = {
    value = channel {
      inherit packages;
      binaryCacheURL = "https://cache.example.org";
    };
    error = "mkChannel: unknown argument 'binaryCacheURL'; did you mean 'binaryCacheUrl'?";
  };
}
