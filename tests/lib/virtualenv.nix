# mkDockerVirtualenv: what it adds to a build.
{
  base,
  dependency,
  lib,
  wheel,
  ...
}: let
  make = args: lib.mkDockerVirtualenv (base // args);
  spec = args: (make args).voyager;
  settings = args: (spec args).settings.VOYAGER_VIRTUALENV;
  plain = path: builtins.unsafeDiscardStringContext "${path}";
  silent = wheel {};
  declaring = wheel {systemRunDependencies = ["libssl3" "libc6"];};
in {
  "it has the interpreter and what checks requirements, and no compiler" = {
    value = let
      it = spec {wheels = [silent];};
    in [it.kind it.src it.environment.layers it.systemRunDependencies it.network];
    expected = ["virtualenv" null [["python3" "python3-packaging"]] null false];
  };
  "what wheels declare is there, and declared" = {
    value = let
      it = spec {wheels = [declaring dependency];};
    in [it.environment.layers it.systemRunDependencies];
    expected = [[["python3" "python3-packaging"] ["libc6" "libssl3"]] ["libc6" "libssl3" "python3"]];
  };
  "one wheel that declares nothing leaves the whole undeclared" = {
    value = let
      it = spec {wheels = [declaring silent];};
    in [it.environment.layers it.systemRunDependencies];
    expected = [[["python3" "python3-packaging"] ["libc6" "libssl3"]] null];
  };
  "what is declared for the whole counts" = {
    value = let
      it = spec {
        wheels = [declaring];
        systemRunDependencies = ["python3" "libssl3"];
      };
    in [it.environment.layers it.systemRunDependencies];
    expected = [[["python3" "python3-packaging"] ["libssl3"]] ["python3" "libssl3"]];
  };
  "wheels as a list and as a set are the same" = {
    value = map (wheels: (settings {inherit wheels;}).wheels) [
      [silent dependency]
      {
        a = silent;
        b = dependency;
      }
    ];
    expected = let
      wheels = map (wheel: {
        path = plain wheel;
        package = null;
      }) [silent dependency];
    in [wheels wheels];
  };
  "of a whole requirements file each file is held to what was asked for" = {
    value = let
      fetched = lib.fetchRequirements ./files/requirements.txt;
      wheels = (settings {wheels = [silent fetched];}).wheels;
    in [(builtins.length wheels) (builtins.all (wheel: wheel.package != null) (builtins.tail wheels))];
    expected = [(1 + builtins.length (builtins.attrNames (lib.fetchRequirements ./files/requirements.txt).requirements)) true];
  };
  "a wheel that was fetched is to be of the version that was asked for" = {
    value = map (wheel: wheel.package) (settings {wheels = [(lib.fetchRequirements ./files/requirements.txt).requirements.six.src];}).wheels;
    expected = [
      {
        name = "six";
        version = "1.16.0";
      }
    ];
  };
  "the builder, what installs wheels and the wheels are in the closure" = {
    value = let
      it = make {wheels = [silent];};
      closure = map builtins.unsafeDiscardStringContext it.exportReferencesGraph.closure;
    in [(settings {wheels = [silent];}).name (builtins.all (path: builtins.elem path closure) [(plain silent) (settings {wheels = [silent];}).installer])];
    expected = ["hello" true];
  };
  "the interpreter runs the builder, and is told to a test of the result" = {
    value = let
      it = make {
        wheels = [silent];
        python = "python3.11";
      };
    in [
      (builtins.match "export PYTHONHASHSEED=0\nexec python3\\.11 .*-voyager-virtualenv/build\\.py" it.voyager.buildScript != null)
      (lib.mkDockerTest {
        package = it;
        script = "true";
      })
      .voyager
      .environment
      .layers
    ];
    expected = [true [["python3.11"]]];
  };
  "a system may name its own tools" = {
    value =
      (spec {
        wheels = [silent];
        system = base.system.override {packages.virtualenv = python: [python "python-packaging"];};
      })
      .environment
      .layers;
    expected = [["python-packaging" "python3"]];
  };
  "no wheels" = {
    value = (make {wheels = [];}).drvPath;
    error = "mkDockerVirtualenv: argument 'wheels' is empty; it must have at least one wheel";
  };
  "wheels by a name that is none" = {
    value = (make {wheels = ["bcrypt"];}).drvPath;
    error = "mkDockerVirtualenv: argument 'wheels' must be a list (each element: a path, a derivation or a store path), or a set (each value: a path, a derivation or a store path), got a list of 1 elements";
  };
  "a script of its own" = {
    value = make {
      wheels = [silent];
      buildScript = "true";
    };
    error = "mkDockerVirtualenv: unknown argument 'buildScript'";
  };
}
