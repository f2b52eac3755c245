# The jobs of a team's own package: its wheel, the test of it on the system that it is for, and the release,
# which is held back until both are as they should be. The arguments are the jobset's inputs, see spec.json.
{
  nix-voyager ? <nix-voyager>,
  pkgs ? null,
  runtime ? null,
  npmRegistry ? null,
}: let
  voyager = import nix-voyager {inherit npmRegistry pkgs runtime;};

  wheel = voyager.lib.mkDockerWheel rec {
    pname = "bcrypt";
    version = "3.2.2";
    src = voyager.lib.fetchPypi {
      inherit pname version;
      hash = "sha256-QzxBDCF3BXcF2iqfLNAd0VdJOyp6wUyFk6FrPatra/s=";
    };
    system = voyager.lib.systems.debian12;
    systemBuildDependencies = ["libffi-dev" "python3-cffi"];
    # Hydra is told of it, with a minute more: so it is the build that ends, and says why.
    timeout = 3600;
    meta = {
      description = "Modern password hashing for Python";
      homepage = "https://example.org/myapp";
      license.shortName = "Apache-2.0";
      maintainers = [{email = "team@example.org";}];
      # More than the 100 that others have.
      schedulingPriority = 200;
    };
  };

  test = voyager.lib.mkDockerTest {
    package = wheel;
    systemRunDependencies = ["python3-cffi-backend" "python3-six"];
    script = "python3 -c 'import bcrypt; bcrypt.hashpw(b\"secret\", bcrypt.gensalt(4))'";
    # Hydra shows what a failed test has left; the release does not get past it.
    keepFailed = true;
  };
in {
  inherit test wheel;
  release = voyager.lib.mkAggregate {
    name = "myapp-3.2.2";
    constituents = [test wheel];
  };
}
