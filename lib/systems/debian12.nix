# Debian 12.
debianLike:
debianLike {
  name = "debian12";
  reference = "debian:12";
  suite = "bookworm";
}
