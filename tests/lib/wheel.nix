# mkDockerWheel: what it adds to a build.
{
  dependency,
  lib,
  wheel,
  ...
}: let
  spec = args: (wheel args).voyager;
  settings = args: (spec args).settings.VOYAGER_WHEEL;
  tools = ["g++" "gcc" "libc6-dev" "python3" "python3-dev" "python3-packaging" "python3-setuptools" "python3-wheel"];
in {
  "the tools are the first layer, the package's own needs the next" = {
    value = (spec {systemBuildDependencies = ["libffi-dev" "gcc"];}).environment.layers;
    expected = [tools ["libffi-dev"]];
  };
  "another interpreter has its own headers" = {
    value = (spec {python = "python3.11";}).environment.layers;
    expected = [["g++" "gcc" "libc6-dev" "python3-packaging" "python3-setuptools" "python3-wheel" "python3.11" "python3.11-dev"]];
  };
  "an old Python gets a TOML parser" = {
    value = builtins.elem "python3-toml" (builtins.head (spec {system = lib.systems.debian11;}).environment.layers);
    expected = true;
  };
  "the script runs the builder with the interpreter" = {
    value = builtins.match "export PYTHONHASHSEED=0\nexec python3\\.11 .*-voyager-wheel/build\\.py" (spec {python = "python3.11";}).buildScript != null;
    expected = true;
  };
  "a wheel is a product, and one of its kind" = {
    value = {inherit (spec {}) kind products;};
    expected = {
      kind = "wheel";
      products = [
        {
          type = "file";
          subtype = "wheel";
          output = "out";
          pattern = "*.whl";
        }
      ];
    };
  };
  "nothing to configure" = {
    value = settings {};
    expected = {
      configSettings = {};
      findLinks = [];
      package = {
        name = "hello";
        version = "1.0";
      };
    };
  };
  "settings and dependencies reach the builder" = {
    value = settings {
      configSettings = {
        flag = true;
        level = "3";
        "build-option" = ["-a" "-b"];
      };
      pythonBuildDependencies = [dependency];
    };
    expected = {
      configSettings = {
        flag = "true";
        level = "3";
        "build-option" = ["-a" "-b"];
      };
      findLinks = [(builtins.unsafeDiscardStringContext "${dependency}")];
      package = {
        name = "hello";
        version = "1.0";
      };
    };
  };
  "a system may name its own tools" = {
    value =
      (spec {
        system = lib.systems.debian12.override {
          packages.wheel = python: ["clang" "${python}-dev"];
        };
      })
      .environment
      .layers;
    expected = [["clang" "python3-dev"]];
  };
}
