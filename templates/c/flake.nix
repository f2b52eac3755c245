{
  description = "A C program that links to libraries of Debian 12 only";

  # Where nix-voyager is: write its address here, or give it each time, as in
  #   nix build --impure --override-input nix-voyager path:/path/to/nix-voyager
  inputs.nix-voyager.url = "nix-voyager";

  outputs = {nix-voyager, ...}: let
    # With nixpkgs among the inputs: nix-voyager.lib.withPkgs nixpkgs.legacyPackages.x86_64-linux,
    # and `--impure` is not needed.
    voyager = nix-voyager.lib.x86_64-linux;

    checksum = voyager.mkDockerBuild {
      pname = "checksum";
      version = "1.0";
      src = ./source;
      system = voyager.systems.debian12;
      systemBuildDependencies = ["gcc" "libc6-dev" "make" "zlib1g-dev"];
      systemRunDependencies = ["libc6" "zlib1g"];
      buildScript = "make install PREFIX=$out";
      meta = {
        description = "Prints the CRC-32 of its input";
        license.shortName = "Apache-2.0";
        mainProgram = "checksum";
      };
    };

    test = voyager.mkDockerTest {
      package = checksum;
      script = "[ \"$(printf nix | checksum)\" = 57e916d8 ]";
    };
  in {
    packages.x86_64-linux.default = checksum;
    checks.x86_64-linux = {inherit checksum test;};
    # What Hydra builds; the release is held back until all of it is proven.
    hydraJobs.x86_64-linux = {
      inherit checksum test;
      release = voyager.mkAggregate {
        name = "checksum-1.0";
        constituents = [checksum test];
      };
    };
  };
}
