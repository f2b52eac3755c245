# Names that Debian and its descendants give to what the builders need.
{
  # What reads pyproject.toml where the distribution's Python cannot: before 3.11.
  toml ? [],
}: {
  # Unpackers, by the kind of archive; tar and gzip are everywhere.
  unpack = {
    xz = ["xz-utils"];
    bzip2 = ["bzip2"];
    zstd = ["zstd"];
    zip = ["unzip"];
  };

  # The `patch` program.
  patch = ["patch"];

  # What every wheel needs, for an interpreter: a compiler, headers, the usual backend, and
  # what the builder itself imports.
  wheel = python:
    ["gcc" "g++" "libc6-dev" python "${python}-dev" "python3-packaging" "python3-setuptools" "python3-wheel"]
    ++ toml;

  # What makes a virtual environment, for an interpreter: `venv` is a part of that, and the builder
  # itself imports the other.
  virtualenv = python: [python "python3-packaging"];

  # What fetchPypi needs to find and download a file.
  pypi = ["ca-certificates" "python3-pip"];
}
