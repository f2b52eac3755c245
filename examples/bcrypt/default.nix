# A Python package with C code, compiled against the system's Python and libraries.
{voyager}:
voyager.lib.mkDockerWheel rec {
  pname = "bcrypt";
  version = "3.2.2";
  src = voyager.lib.fetchPypi {
    inherit pname version;
    hash = "sha256-QzxBDCF3BXcF2iqfLNAd0VdJOyp6wUyFk6FrPatra/s=";
  };
  system = voyager.lib.systems.debian12;
  systemBuildDependencies = ["libffi-dev" "python3-cffi"];

  meta = {
    description = "Modern password hashing for Python";
    homepage = "https://github.com/pyca/bcrypt";
    license.shortName = "Apache-2.0";
    maintainers = [];
  };
}
