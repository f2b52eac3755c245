# Ubuntu 22.04. Not tested in this project's own runs.
debianLike:
debianLike {
  name = "ubuntu2204";
  reference = "ubuntu:22.04";
  suite = "jammy";
  # python3-wheel and its like are in universe.
  components = ["main" "universe"];
  toml = ["python3-tomli"];
}
