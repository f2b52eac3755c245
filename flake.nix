# A flake without inputs: bring your own nixpkgs, or none.
#
# A flake's evaluation is pure: it sees neither this machine's C library (which the embedded
# runtime is made of) nor its settings. So give nixpkgs, by `lib.withPkgs pkgs` or the overlay;
# or evaluate with `--impure`, which is what `packages` and `hydraJobs` need to have anything.
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
    forNative = f:
      if impure && builtins.elem builtins.currentSystem platforms
      then {${builtins.currentSystem} = f (import ./. {});}
      else {};
  in {
    lib = {
      # pkgs -> the library, with Node from that nixpkgs.
      withPkgs = pkgs: (import ./. {inherit pkgs;}).lib;
      # The library without nixpkgs, by platform: `--impure` only.
      inherit (forPlatforms (nixSystem: (import ./. {inherit nixSystem;}).lib)) x86_64-linux aarch64-linux;
    };

    overlays.default = final: _: {
      nix-voyager = import ./. {pkgs = final;};
    };

    packages = forNative (voyager: {
      inherit (voyager) bcryptWheel voyager;
      default = voyager.voyager;
    });

    hydraJobs = forNative (voyager: {inherit (voyager) bcryptWheel examples;});
  };
}
