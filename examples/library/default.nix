# A shared library in two outputs: what runs in `out`, what only compiling against it needs in
# `dev`. `lib.dev` of the result is the second.
{voyager}:
voyager.lib.mkDockerBuild {
  pname = "libtally";
  version = "1.2.0";
  src = ./source;
  system = voyager.lib.systems.debian12;
  systemBuildDependencies = ["gcc" "libc6-dev" "make" "zlib1g-dev"];
  systemRunDependencies = ["libc6" "zlib1g"];
  outputs = ["out" "dev"];
  buildScript = ''
    make
    make install LIBDIR="$out/lib" INCLUDEDIR="$dev/include" PKGCONFIGDIR="$dev/lib/pkgconfig"
  '';

  meta = {
    description = "Checksums of what it is given, added up";
    license.shortName = "Apache-2.0";
    homepage = "https://example.org/libtally";
    maintainers = [];
  };
}
