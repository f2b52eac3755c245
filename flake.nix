# A flake without inputs: bring your own nixpkgs, or none.
#
# A flake's evaluation is pure: it sees neither this machine's C library (which the embedded
# runtime is made of) nor its settings. So give nixpkgs, by `lib.withPkgs pkgs` or the overlay;
# or evaluate with `--impure`, which is what `packages` and `hydraJobs` need to have anything. A flake
# of your own may also call `import nix-voyager { … }` with the arguments of default.nix.
{
  description = "Nix builds that link against the operating system's own libraries";

  outputs = _: let
    platforms = ["x86_64-linux" "aarch64-linux"];
    forPlatforms = f:
      builtins.listToAttrs (map (name: {
          inherit name;
          value = f name;
        })
        platforms);

    impure = builtins ? currentSystem;
    forNative = value:
      if impure && builtins.elem builtins.currentSystem platforms
      then {${builtins.currentSystem} = value;}
      else {};

    # What a jobset gives by `-I pkgs=…` or `-I runtime=…`: restricted evaluation reads nothing else.
    given = builtins.listToAttrs (map (entry: {
      name = entry.prefix;
      value = entry.path;
    }) (builtins.filter (entry: builtins.elem entry.prefix ["pkgs" "runtime"]) builtins.nixPath));
    voyager = import ./. {};
  in {
    lib = {
      # pkgs -> the library, with Node from that nixpkgs.
      withPkgs = pkgs: (import ./. {inherit pkgs;}).lib;
      # The library without nixpkgs, by platform: `--impure` only.
      inherit (forPlatforms (nixSystem: (import ./. {inherit nixSystem;}).lib)) x86_64-linux aarch64-linux;
    };

    # `pkgs.voyager.lib.mkDockerWheel { … }`, with Node from that nixpkgs. `nix flake check` wants both
    # names.
    # deadnix: skip
    overlays.default = final: prev: {
      voyager = import ./. {pkgs = final;};
    };

    templates = {
      default = {
        path = ./templates/wheel;
        description = "A Python wheel with C code, and its test on the system that it is for";
      };
      c = {
        path = ./templates/c;
        description = "A C program that links to a library of the system";
      };
    };

    packages = forNative {
      inherit (voyager) bcryptWheel voyager;
      default = voyager.voyager;
    };

    hydraJobs = forNative (import ./release.nix given);
  };
}
