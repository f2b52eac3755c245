# Ubuntu 24.04. Not tested in this project's own runs.
debianLike:
debianLike {
  name = "ubuntu2404";
  reference = "ubuntu:24.04";
  suite = "noble";
  # python3-wheel and its like are in universe.
  components = ["main" "universe"];
}
