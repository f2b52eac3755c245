# mkDockerTest: what it takes from what it tests.
{
  base,
  build,
  dependency,
  lib,
  wheel,
  ...
}: let
  test = args: lib.mkDockerTest ({script = "true";} // args);
  spec = args: (test args).voyager;
  plain = path: builtins.unsafeDiscardStringContext "${path}";
  package = build {
    systemBuildDependencies = ["gcc" "libssl-dev"];
    systemRunDependencies = ["libssl3"];
    env.SECRET = "of the build";
  };
  module = wheel {systemBuildDependencies = ["libffi-dev"];};
in {
  "a test has what its package runs with, and nothing that built it" = {
    value = {
      inherit (spec {inherit package;}) name kind path test;
      inherit ((spec {inherit package;}).environment) layers;
      secret = (spec {inherit package;}).env ? SECRET;
    };
    expected = {
      name = "hello-test-1.0";
      kind = "test";
      path = [(plain package)];
      test = {
        keepFailed = false;
        packages = [(plain package)];
        pythonDependencies = [];
        unreported = "tell";
      };
      layers = [["libssl3"]];
      secret = false;
    };
  };
  "what the package declares can be replaced, and the system" = {
    value = let
      it = spec {
        inherit package;
        system = lib.systems.debian13;
        systemRunDependencies = ["libssl3t64"];
        unreported = "fail";
      };
    in [it.environment.layers it.system.name it.test.unreported];
    expected = [[["libssl3t64"]] "debian13" "fail"];
  };
  "a test that is kept though it fails" = {
    value = let
      it = spec {
        inherit package;
        keepFailed = true;
      };
    in [it.test.keepFailed it.env.VOYAGER_TEST_KEEP_FAILED];
    expected = [true "1"];
  };
  "a test has time limits as a build has" = {
    value = let
      it = spec {
        inherit package;
        timeout = 60;
        silenceTimeout = 5;
      };
    in [it.timeout it.silenceTimeout];
    expected = [60 5];
  };
  "nothing declared is the bare system" = {
    value = (spec {package = build {};}).environment.layers;
    expected = [];
  };
  "a wheel brings its interpreter, not what built it" = {
    value = map (package: (spec {inherit package;}).environment.layers) [module (wheel {python = "python3.11";})];
    expected = [[["python3"]] [["python3.11"]]];
  };
  "several packages: the needs of all, the name of the first" = {
    value = let
      it = test {
        package = [package (build {systemRunDependencies = ["zlib1g"];}) module];
        pythonDependencies = [dependency];
      };
    in [it.name it.voyager.environment.layers (builtins.length it.voyager.path) (it.voyager.env.package == plain package)];
    expected = ["hello-test-1.0" [["python3"] ["libssl3" "zlib1g"]] 3 true];
  };
  "a test has no linkage report of its own" = {
    value = test {inherit package;} ? linkage;
    expected = false;
  };
  "a package from elsewhere: name, version and system are asked for" = {
    value =
      (test {
        package = dependency;
        inherit (base) pname version system;
      })
      .name;
    expected = "hello-1.0";
  };
  "a package from elsewhere without a version" = {
    value =
      (test {
        package = dependency;
        inherit (base) pname system;
      })
      .name;
    error = "mkDockerTest: argument 'version' must be given, because the package is not a result of voyager.lib";
  };
  "an empty list of packages" = {
    value = (test {package = [];}).name;
    error = "mkDockerTest: argument 'package' is an empty list";
  };
  "a variable that a test has itself" = {
    value =
      (test {
        inherit package;
        env.package = "x";
      })
      .drvPath;
    error = "mkDockerTest: argument 'env' sets 'package', which the build itself sets";
  };
  "build dependencies are not for a test" = {
    value = test {
      inherit package;
      systemBuildDependencies = ["gcc"];
    };
    error = "mkDockerTest: unknown argument 'systemBuildDependencies'";
  };
  "override takes the arguments of the test" = {
    value = ((test {inherit package;}).override {pname = "other";}).name;
    expected = "other-1.0";
  };
}
