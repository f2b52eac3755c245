# Real packages that link to different libraries of the system, quick to compile: without
# optimization, which changes nothing of what is linked. Two environments serve all of them.
{
  voyager,
  # No build of another run is taken for one of this.
  run,
  transfer ? "auto",
}: let
  inherit (voyager.lib) fetchPypi mkDockerBuild mkDockerWheel;

  common = {
    inherit transfer;
    system = voyager.lib.systems.debian12;
    env = {
      TEST_RUN = run;
      CFLAGS = "-O0";
    };
  };

  sdist = pname: version: hash: fetchPypi {inherit pname version hash;};

  wheel = pname: version: hash:
    mkDockerWheel (common
      // {
        inherit pname version;
        src = sdist pname version hash;
        systemBuildDependencies = [
          "dpkg-dev"
          "libcurl4-openssl-dev"
          "libffi-dev"
          "libldap-dev"
          "libmariadb-dev"
          "libpq-dev"
          "libsasl2-dev"
          "libsnappy-dev"
          "libssl-dev"
          "libsystemd-dev"
          "pkg-config"
          "unixodbc-dev"
        ];
      });

  # What the system has of these comes along with libcurl.
  program = args:
    mkDockerBuild (common
      // {
        systemBuildDependencies = ["dpkg-dev" "gcc" "libc6-dev" "libcurl4-openssl-dev" "libssl-dev" "python3"];
      }
      // args);
in {
  # auditwheel and what it imports.
  auditwheel = map (file: fetchPypi (file // {format = "wheel";})) [
    {
      pname = "auditwheel";
      version = "6.4.2";
      hash = "4302ae79dcff242e799a37173cfeeae727d0924843eca4b3f622d3bcb28de2db";
    }
    {
      pname = "packaging";
      version = "26.3";
      hash = "d7193f7c8e4e93f444fde0262bf90af30e16fa0ad0ad44cb553c87339b23cd1c";
    }
    {
      pname = "pyelftools";
      version = "0.33";
      hash = "f215ad5f47d3f1373a21496a6c9e0707c622840d0622f23ff7ce08678b020036";
    }
  ];

  packages = {
    # Found by $ORIGIN and by the path of another output, with sonames that the system has too.
    brotli = program {
      pname = "brotli";
      version = "1.1.0";
      src = sdist "Brotli" "1.1.0" "81de08ac11bcb85841e440c13611c00b67d3bf82698314928d0b676362546724";
      outputs = ["out" "lib"];
      buildScript = ''
        mkdir -p $out/bin $lib/lib
        library() {
          name=$1; shift
          gcc $CFLAGS -fPIC -Ic/include -shared -Wl,-soname,lib$name.so.1 -Wl,-rpath,'$ORIGIN' \
            -o $lib/lib/lib$name.so.1.1.0 "$@"
          ln -s lib$name.so.1.1.0 $lib/lib/lib$name.so.1
          ln -s lib$name.so.1 $lib/lib/lib$name.so
        }
        library brotlicommon c/common/*.c
        library brotlidec c/dec/*.c -L$lib/lib -lbrotlicommon
        library brotlienc c/enc/*.c -L$lib/lib -lbrotlicommon -lm
        gcc $CFLAGS -Ic/include -o $out/bin/brotli c/tools/brotli.c \
          -L$lib/lib -lbrotlidec -lbrotlienc -Wl,-rpath,$lib/lib
        gcc $CFLAGS -Ic/include -o $out/bin/brotli-of-the-system c/tools/brotli.c \
          -L$lib/lib -lbrotlidec -lbrotlienc
      '';
      linkage.allow = [
        {
          soname = "libbrotli*";
          reason = "the package is that library";
        }
      ];
    };

    # One library of its own that needs another, and OpenSSL; an old RPATH, and no build id.
    hiredis = program {
      pname = "hiredis";
      version = "2.2.3";
      src = sdist "hiredis" "2.2.3" "e75163773a309e56a9b58165cf5a50e0f84b755f6ff863b2c01a38918fe92daa";
      buildScript = ''
        mkdir -p $out/lib $out/libexec/ssl
        cd vendor/hiredis
        gcc $CFLAGS -fPIC -shared -Wl,-soname,libhiredis.so.1.1.1-dev -o $out/lib/libhiredis.so.1.1.1-dev \
          alloc.c async.c hiredis.c net.c read.c sds.c sockcompat.c
        ln -s libhiredis.so.1.1.1-dev $out/lib/libhiredis.so
        gcc $CFLAGS -fPIC -shared -Wl,--disable-new-dtags,-rpath,'$ORIGIN/../../lib' -Wl,--build-id=none \
          -o $out/libexec/ssl/hiredis_ssl.so ssl.c -L$out/lib -lhiredis -lssl -lcrypto
      '';
    };

    cffi = wheel "cffi" "1.16.0" "bcb3ef43e58665bbda2fb198698fcae6776483e0c4a631aa5647806c25e02cc0";
    mysqlclient = wheel "mysqlclient" "2.1.1" "828757e419fb11dd6c5ed2576ec92c3efaa93a0f7c39e263586d1ee779c3d782";
    psutil = wheel "psutil" "5.9.8" "6be126e3225486dff286a8fb9a06246a5253f4c7c53b475ea5f5ac934e64194c";
    psycopg2 = wheel "psycopg2" "2.9.9" "d1454bde93fb1e224166811694d600e746430c006fbb031ea06ecc2ea41bf156";
    pycurl = wheel "pycurl" "7.45.2" "5730590be0271364a5bddd9e245c9cc0fb710c4cbacbdd95264a3122d23224ca";
    pyodbc = wheel "pyodbc" "4.0.39" "e528bb70dd6d6299ee429868925df0866e3e919c772b9eff79c8e17920d8f116";
    python-ldap = wheel "python-ldap" "3.4.3" "ab26c519a0ef2a443a2a10391fa3c5cb52d7871323399db949ebfaa9f25ee2a0";
    python-snappy = wheel "python-snappy" "0.6.1" "b6a107ab06206acc5359d4c5632bd9b22d448702a79b3169b0c62e0fb808bb2a";
    systemd-python = wheel "systemd-python" "235" "4e57f39797fd5d9e2d22b8806a252d7c0106c936039d1e71c8c6b8008e695c0a";
  };
}
