# npm for a machine that has none, or an old one: only `setup/test` needs it, for the tools of
# development. The package holds all that it depends on. Folder: `package/bin/npm-cli.js`.
let
  fetch = import ../helper/nix/fetch.nix {
    registry = import ../helper/nix/registry.nix {
      npmRegistry = null;
      pkgs = null;
    };
  };
in
  derivation {
    name = "nix-voyager-npm";
    system = builtins.currentSystem;
    builder = "builtin:unpack-channel";
    channelName = "package";
    src = fetch {
      name = "npm";
      version = "11.6.2";
      integrity = "sha512-7iKzNfy8lWYs3zq4oFPa8EXZz5xt9gQNKJZau3B1ErLBb6bF7sBJ00x09485DOvRT2l5Gerbl3VlZNT57MxJVA==";
    };
    preferLocalBuild = true;
  }
