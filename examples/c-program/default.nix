# A C program built with make, that reads a data file of Nix: the file's store path is compiled
# in, so Nix knows that the result needs it.
{voyager}: let
  planets = builtins.toFile "planets.txt" ''
    Mercury 0.39
    Venus 0.72
    Earth 1.00
    Mars 1.52
  '';
in
  voyager.lib.mkDockerBuild {
    pname = "planets";
    version = "1.0";
    src = ./source;
    system = voyager.lib.systems.debian12;
    systemBuildDependencies = ["gcc" "libc6-dev" "make"];
    systemRunDependencies = ["libc6"];
    nixDependencies = [planets];
    buildScript = ''
      make PREFIX="$out" DATA=${planets}
      make PREFIX="$out" DATA=${planets} check
      make PREFIX="$out" DATA=${planets} install
    '';

    meta = {
      description = "Prints how far the planets are from the Sun";
      license.shortName = "Apache-2.0";
      homepage = "https://example.org/planets";
      maintainers = [];
      mainProgram = "planets";
    };
  }
