{
  description = "A Python wheel with C code that links to libraries of Debian 12 only";

  # Where nix-voyager is: write its address here, or give it each time, as in
  #   nix build --impure --override-input nix-voyager path:/path/to/nix-voyager
  inputs.nix-voyager.url = "nix-voyager";

  outputs = {nix-voyager, ...}: let
    # With nixpkgs among the inputs: nix-voyager.lib.withPkgs nixpkgs.legacyPackages.x86_64-linux,
    # and `--impure` is not needed.
    voyager = nix-voyager.lib.x86_64-linux;

    tally = voyager.mkDockerWheel {
      pname = "tally";
      version = "1.0";
      src = ./source;
      system = voyager.systems.debian12;
      systemBuildDependencies = ["zlib1g-dev"];
      systemRunDependencies = ["libc6" "zlib1g"];
      meta = {
        description = "Checksums";
        license.shortName = "Apache-2.0";
      };
    };

    test = voyager.mkDockerTest {
      package = tally;
      script = "python3 -c 'import tally; assert tally.crc32(b\"nix\") == 0x57e916d8'";
    };
  in {
    packages.x86_64-linux.default = tally;
    checks.x86_64-linux = {inherit tally test;};
    # What Hydra builds; the release is held back until all of it is proven.
    hydraJobs.x86_64-linux = {
      inherit tally test;
      release = voyager.mkAggregate {
        name = "tally-1.0";
        constituents = [tally test];
      };
    };
  };
}
