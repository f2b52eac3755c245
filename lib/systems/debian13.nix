# Debian 13.
debianLike:
debianLike {
  name = "debian13";
  reference = "debian:13";
  suite = "trixie";
}
