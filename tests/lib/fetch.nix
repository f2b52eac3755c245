# fetchPypi.
{lib, ...}: let
  digits = "433c410c2177057705da2a9f2cd01dd157493b2a7ac14c8593a16b3dab6b6bfb";
  request = {
    pname = "Zope.Interface-extra";
    version = "1.0";
    hash = digits;
  };
  fetch = args: lib.fetchPypi (request // args);
  asked = drv: drv.voyager.settings.VOYAGER_PYPI;
  fails = error: args: {
    inherit error;
    value = (fetch args).drvPath;
  };
in {
  "an sdist is one file, fetched with network" = {
    value = let
      drv = fetch {};
    in {
      inherit (drv) name outputHashMode requiredSystemFeatures;
      inherit (drv.voyager) kind network result;
      layers = drv.voyager.environment.layers;
      impure = drv.impureEnvVars == drv.voyager.impureEnv && builtins.elem "PIP_INDEX_URL" drv.impureEnvVars;
    };
    expected = {
      name = "Zope.Interface-extra-1.0.tar.gz";
      outputHashMode = "flat";
      requiredSystemFeatures = ["docker"];
      kind = "pypi";
      network = true;
      result = "file";
      layers = [["ca-certificates" "python3-pip"]];
      impure = true;
    };
  };
  "time limits do not change the result" = {
    value = let
      it = fetch {
        timeout = 600;
        silenceTimeout = 60;
      };
    in [it.voyager.timeout it.voyager.silenceTimeout (it.outPath == (fetch {}).outPath)];
    expected = [600 60 true];
  };
  "a wheel has a wheel's name" = {
    value = (fetch {format = "wheel";}).name;
    expected = "zope_interface_extra-1.0-py3-none-any.whl";
  };
  "the three forms of a hash are one" = {
    value = map (hash: (fetch {inherit hash;}).outPath == (fetch {}).outPath) [
      "sha256-QzxBDCF3BXcF2iqfLNAd0VdJOyp6wUyFk6FrPatra/s="
      "sha256:${digits}"
      digits
    ];
    expected = [true true true];
  };
  "index and system do not change the result" = {
    value =
      (fetch {
        index = "https://example.org/simple";
        system = lib.systems.debian13;
      })
      .outPath
      == (fetch {}).outPath;
    expected = true;
  };
  "the builder is asked for what was given" = {
    value = asked (fetch {index = "https://example.org/simple";});
    expected = {
      pname = "Zope.Interface-extra";
      version = "1.0";
      format = "sdist";
      file = null;
      hash = digits;
      index = "https://example.org/simple";
    };
  };
  "a file by its name, which is the derivation's" = {
    value = let
      drv = fetch {file = "demo-1.0-py2.py3-none-any.whl";};
    in [drv.name (asked drv).file];
    expected = ["demo-1.0-py2.py3-none-any.whl" "demo-1.0-py2.py3-none-any.whl"];
  };
  "a compiled wheel by its name" = fails "fetchPypi: argument 'file' must be the name of an sdist (.tar.gz, .zip …) or of a wheel of pure Python (-py3-none-any.whl), got the string" {
    file = "cffi-1.16.0-cp311-cp311-manylinux_2_17_x86_64.whl";
  };
  "a CA bundle is trusted, and in the closure" = {
    value = let
      drv = fetch {certificates = ./files + "/company ca.pem";};
      bundle = drv.voyager.env.SSL_CERT_FILE;
    in [(bundle == drv.voyager.env.PIP_CERT) (builtins.elem bundle drv.exportReferencesGraph.closure)];
    expected = [true true];
  };
  "an override is of the same function" = {
    value = ((fetch {}).override {version = "2.0";}).name;
    expected = "Zope.Interface-extra-2.0.tar.gz";
  };
  "an empty hash" = fails "fetchPypi: argument 'hash' must be a SHA-256 (64 hexadecimal digits, \"sha256:\" and those, or \"sha256-\" and base64; where it is not known, 64 zeros, and the download tells the right one), got the string ''" {
    hash = "";
  };
  "a hash of another kind" =
    fails "fetchPypi: argument 'hash' must be a SHA-256" {hash = "md5-abc";};
  "an index with a password" = fails "fetchPypi: the address of the index has credentials in it" {
    index = "https://user:secret@example.org/simple";
  };
  "a format that is not known" =
    fails "fetchPypi: argument 'format' must be one of 'sdist', 'wheel', got the string 'egg'" {format = "egg";};
}
