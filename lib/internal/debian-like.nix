# A system of Debian's family. Its base image is what the engine has or can pull under
# `reference`; where that fails, it is made from the distribution's own repository.
{mkSystem}: {
  name,
  reference,
  suite,
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
