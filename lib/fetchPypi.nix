# Fetches an sdist or a pure-Python wheel from the Python package index, without running any
# code of the package.
#
# Returns a fixed-output derivation whose output is the file. Throws on an unknown, missing or
# ill-typed argument, and on an index address with credentials in it. A wrong hash and an
# unknown version fail when it is built.
{
  # From ./internal/build.nix: makes the derivation of checked arguments.
  build,
  # CA bundle for downloads, as ./default.nix gets it.
  certificates,
  # The systems, by name.
  systems,
  # What ./internal/types.nix has.
  types,
}: let
  arguments = {
    # Name of the project in the index.
    pname = {type = types.nonEmptyString;};

    # Exact version.
    version = {type = types.nonEmptyString;};

    # SHA-256 of the file, as the index shows it: 64 hexadecimal digits, "sha256:" and those, or
    # "sha256-" and base64.
    hash = {type = types.sha256;};

    # Address of the index, in the form that `pip --index-url` takes. null: what this machine's
    # pip settings say, else pip's default.
    index = {
      type = types.nullOr types.nonEmptyString;
      default = null;
    };

    # "sdist", or "wheel" for a pure-Python wheel.
    format = {
      type = types.enum ["sdist" "wheel"];
      default = "sdist";
    };

    # Name of the file, where a version has several that would do: an sdist in another archive than
    # tar.gz, or a wheel whose tag is py2.py3-none-any. It then says what `format` would. null: any.
    file = {
      type = types.nullOr types.distributionFile;
      default = null;
    };

    # The system whose tools download; it does not change the result.
    system = {
      type = types.system;
      default = systems.debian12;
    };

    # CA bundle (a PEM file) to trust for the download. null: the one that this machine's
    # settings name, where evaluation may read it, else the container's own.
    certificates = {
      type = types.nullOr types.storeFile;
      default = null;
    };

    # Seconds that the whole download may take, making its environment included. null: as many as it
    # wants. Does not change the result.
    timeout = {
      type = types.nullOr types.seconds;
      default = null;
    };

    # Seconds for which nothing may come from the download. null: as many as it wants. Does not change
    # the result.
    silenceTimeout = {
      type = types.nullOr types.seconds;
      default = null;
    };

    # Description, license, homepage, maintainers … as Nix and Hydra know them: see docs/hydra.md for
    # what is added to it.
    meta = {
      type = types.meta;
      default = {};
    };

    # Attributes to add to the result.
    passthru = {
      type = types.attrs;
      default = {};
    };
  };

  function = "fetchPypi";
  check = import ./internal/check.nix function arguments;
  credentials = import ./internal/credentials.nix;
  pipIndex = import ./internal/pip-index.nix;
  caBundle = import ./internal/ca-bundle.nix;
  store = import ./internal/store.nix;
  builder = import ./internal/folder.nix "pypi";
  defaultBundle = caBundle certificates;

  # Network settings of the machine (or the Nix daemon) that the download follows.
  lowerCase = ["http_proxy" "https_proxy" "all_proxy" "no_proxy"];
  upperCase = ["HTTP_PROXY" "HTTPS_PROXY" "ALL_PROXY" "NO_PROXY"];
  impureEnv = ["PIP_INDEX_URL" "PIP_EXTRA_INDEX_URL"] ++ lowerCase ++ upperCase;

  checkIndex = index:
    if index != null && credentials index
    then throw "fetchPypi: the address of the index has credentials in it, which everyone could read in the Nix store; give them in a netrc file or in PIP_INDEX_URL of the environment that Nix builds in, and leave them out of 'index' and of pip's configuration"
    else index;

  canonical = import ./internal/canonical-name.nix;
  fileName = args:
    if args.file != null
    then args.file
    else if args.format == "sdist"
    then "${args.pname}-${args.version}.tar.gz"
    else "${canonical "_" args.pname}-${args.version}-py3-none-any.whl";

  fetchPypi = given: let
    args = check given;
    bundle =
      if args.certificates == null
      then defaultBundle
      else store.textFile args.certificates;
    trust =
      if bundle == null
      then {}
      else {
        SSL_CERT_FILE = bundle;
        PIP_CERT = bundle;
      };
    request = {
      inherit (args) pname version format file hash;
      index = checkIndex (
        if args.index == null
        then pipIndex
        else args.index
      );
    };
  in
    build {
      inherit builder function given impureEnv;
      kind = "pypi";
      rebuild = fetchPypi;
      layers = [args.system.packages.pypi];
      env = trust;
      settings.VOYAGER_PYPI = request;
      buildScript = "python3 ${builder}/fetch.py";
      products = [];
      result = "file";
      network = true;
      fixed = {
        name = store.safeName (fileName args);
        # Nix takes all three forms: the bare digits because it is told the algorithm.
        outputHash = args.hash;
        outputHashAlgo = "sha256";
        outputHashMode = "flat";
        impureEnvVars = impureEnv;
      };
    } {
      inherit (args) pname version system timeout silenceTimeout passthru;
      src = null;
      outputs = ["out"];
      systemBuildDependencies = [];
      systemRunDependencies = null;
      nixDependencies = [];
      env = {};
      patches = [];
      transfer = "auto";
      limits = {};
      environment = {};
      meta =
        {
          description = "Source of ${args.pname} ${args.version}, from the Python package index";
        }
        // args.meta;
    };
in {
  inherit arguments;
  function = fetchPypi;
}
