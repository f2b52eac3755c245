# A web application with all that it needs of Python: a requirements file becomes wheels, compiled
# against the system where they have code to compile, and these become one virtual environment.
{voyager}: let
  inherit (voyager.lib) mkDockerVirtualenv mkDockerWheel mkDockerWheels systems;
  system = systems.debian12;

  wheels = mkDockerWheels {
    inherit system;
    requirements = ./requirements.txt;
    overrides = others: {
      bcrypt = {
        pythonBuildDependencies = [others.cffi others.pycparser];
        systemBuildDependencies = ["libffi-dev"];
        # What its build dependency cffi is linked to, and it is not.
        systemRunDependencies = ["libc6"];
      };
      cffi = {
        systemBuildDependencies = ["libffi-dev" "pkg-config"];
        systemRunDependencies = ["libc6" "libffi8"];
      };
      markupsafe.systemRunDependencies = ["libc6"];
      psutil.systemRunDependencies = ["libc6"];
      pyyaml = {
        systemBuildDependencies = ["cython3" "libyaml-dev"];
        systemRunDependencies = ["libc6" "libyaml-0-2"];
        # Without it, a build that does not find libyaml would leave the compiled part out.
        env.PYYAML_FORCE_LIBYAML = "1";
      };
    };
  };

  application = mkDockerWheel {
    pname = "noticeboard";
    version = "1.0";
    src = ./source;
    inherit system;
    systemRunDependencies = [];
  };
in
  mkDockerVirtualenv {
    pname = "noticeboard-environment";
    version = "1.0";
    inherit system;
    wheels = wheels // {noticeboard = application;};
    passthru = {inherit wheels;};

    meta = {
      description = "A notice board with a password, and the Python packages that it needs";
      license.shortName = "Apache-2.0";
      homepage = "https://example.org/noticeboard";
      maintainers = [];
      mainProgram = "noticeboard";
    };
  }
