# Debian 11.
debianLike:
debianLike {
  name = "debian11";
  reference = "debian:11";
  suite = "bullseye";
  toml = ["python3-toml"];
}
