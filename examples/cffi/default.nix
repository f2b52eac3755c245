# A Python package that needs a library of the system, found by pkg-config; what the result needs
# at run time is declared, and checked against what it really links to.
{voyager}:
voyager.lib.mkDockerWheel rec {
  pname = "cffi";
  version = "1.16.0";
  src = voyager.lib.fetchPypi {
    inherit pname version;
    hash = "sha256-vLPvQ+WGZbvaL7GYaY/K5ndkg+DEpjGqVkeAbCXgLMA=";
  };
  system = voyager.lib.systems.debian12;
  systemBuildDependencies = ["libffi-dev" "pkg-config"];
  systemRunDependencies = ["libc6" "libffi8"];

  meta = {
    description = "Foreign function interface for Python calling C code";
    homepage = "https://cffi.readthedocs.io";
    license.shortName = "MIT";
    maintainers = [];
  };
}
