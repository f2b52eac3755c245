# A system of Debian's family. Its base image is what the engine has or can pull under
# `reference`; where that fails, it is made from the distribution's own repository.
{
  # The function of ../mkSystem.nix.
  mkSystem,
}: {
  # Name of the system: "debian12".
  name,
  # The base image: a tag or digest.
  reference,
  # The release in the distribution's repository: "bookworm".
  suite,
  # Parts of that repository to take packages from.
  components ? ["main"],
  # See ./apt-packages.nix.
  toml ? [],
}:
mkSystem {
  inherit name;
  image = {
    inherit reference;
    bootstrap = {inherit suite components;};
  };
  packages = {inherit (import ./apt-packages.nix {inherit toml;}) wheel;};
}
