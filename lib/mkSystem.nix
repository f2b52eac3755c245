# Makes a system: an operating system to build in, with its package manager and what that needs
# to reach its repositories.
#
# Returns a set with `name`, `spec` (as the helper reads it), `packages`, and `override` (a set
# of arguments to replace, or a function from the arguments to such a set). Throws on an
# unknown, missing or ill-typed argument, and on a repository whose key is not among `keys`.
{
  # What ./internal/types.nix has.
  types,
}: let
  inherit (builtins) attrNames concatStringsSep isString mapAttrs substring;

  packageNames = types.listOf types.packageName;

  arguments = {
    # Name, part of the names of its environments: "debian12".
    name = {type = types.identifier;};

    # The base image: the tag or digest of one that the engine has or can pull, or a set with
    # `reference` (the same) and `bootstrap` (how to make it where no registry has it).
    # `bootstrap` has `tool` ("mmdebstrap"), `suite`, `components` (["main"]), `mirror` (null:
    # the tool's default) and `include` (packages beyond the minimal set).
    image = {
      type = types.either types.nonEmptyString (types.struct {
        reference = {
          type = types.nullOr types.nonEmptyString;
          default = null;
        };
        bootstrap = {
          type = types.nullOr (types.struct bootstrap);
          default = null;
        };
      });
    };

    # The package manager of the image.
    packageManager = {
      type = types.enum ["apt"];
      default = "apt";
    };

    # Repositories beside those that the image has. Each has `name`, `uri`, `suites`,
    # `components` ([]: a flat repository), and `key`: the public key that signs it, a file or a
    # name in `keys` (null: a key that the image trusts).
    repositories = {
      type = types.listOf (types.struct {
        name = {type = types.slug;};
        uri = {type = types.address;};
        suites = {type = types.listOf types.nonEmptyString;};
        components = {
          type = types.listOf types.nonEmptyString;
          default = [];
        };
        key = {
          type = types.nullOr (types.either types.slug types.storeFile);
          default = null;
        };
      });
      default = [];
    };

    # Public keys by name, for repositories to refer to: `{ company = ./company.asc; }`.
    keys = {
      type = types.attrsOf types.storeFile;
      default = {};
    };

    # Certificates (PEM files) that the package manager must trust, beside the image's own.
    certificates = {
      type = types.listOf types.storeFile;
      default = [];
    };

    # Proxy for the package manager: `http`, `https` (addresses), `noProxy` (hosts reached
    # directly, comma separated).
    proxy = {
      type = types.nullOr (types.struct proxy);
      default = null;
    };

    # Shell script run as root, with network, before packages are installed.
    setup = {
      type = types.withoutPassword;
      default = "";
    };

    # Whether the engine keeps downloaded packages for the next environment of this system, in a
    # volume of its own of at most 2 GB.
    keepPackages = {
      type = types.bool;
      default = true;
    };

    # What the distribution calls the packages that builders need; what is not given is as in
    # Debian: `unpack` (a set: xz, bzip2, zstd, zip), `patch`, `pypi` (lists of names), `wheel` and
    # `virtualenv` (functions from the interpreter's name to a list of names).
    packages = {
      type = types.struct {
        unpack = {
          type = types.attrsOf packageNames;
          default = {};
        };
        patch = {
          type = packageNames;
          default = [];
        };
        wheel = {
          type = types.functionTo "a list of package names";
          default = null;
        };
        virtualenv = {
          type = types.functionTo "a list of package names";
          default = null;
        };
        pypi = {
          type = packageNames;
          default = [];
        };
      };
      default = {};
    };
  };

  bootstrap = {
    tool = {
      type = types.enum ["mmdebstrap"];
      default = "mmdebstrap";
    };
    suite = {type = types.suite;};
    components = {
      type = types.listOf types.nonEmptyString;
      default = ["main"];
    };
    mirror = {
      type = types.nullOr types.withoutPassword;
      default = null;
    };
    include = {
      type = packageNames;
      default = [];
    };
  };

  address = {
    type = types.nullOr types.address;
    default = null;
  };
  proxy = {
    http = address;
    https = address;
    noProxy = {
      type = types.nullOr types.nonEmptyString;
      default = null;
    };
  };

  check = import ./internal/check.nix "mkSystem" arguments;
  override = import ./internal/override.nix;
  store = import ./internal/store.nix;
  defaultPackages = import ./internal/apt-packages.nix {};
  fillBootstrap = types.withDefaults bootstrap;
  fillProxy = types.withDefaults proxy;

  orNull = convert: value:
    if value == null
    then null
    else convert value;

  keyOf = keys: repository: let
    key = repository.key or null;
  in
    if isString key && substring 0 1 key != "/"
    then
      keys.${key}
      or (throw "mkSystem: the key '${key}' of repository '${repository.name}' is not in 'keys' (${
        if keys == {}
        then "which is empty"
        else "known: ${concatStringsSep ", " (attrNames keys)}"
      }); a file is written as a path, like ./company.asc")
    else orNull store.file key;

  toSpec = args: let
    keys = mapAttrs (_: store.file) args.keys;
    image =
      if isString args.image
      then {reference = args.image;}
      else args.image;
    reference = image.reference or null;
  in {
    inherit (args) name packageManager setup keepPackages;
    image =
      if reference == null && (image.bootstrap or null) == null
      then throw "mkSystem: argument 'image' needs 'reference' or 'bootstrap'"
      else {
        inherit reference;
        bootstrap = orNull fillBootstrap (image.bootstrap or null);
      };
    repositories =
      map (repository: {
        inherit (repository) name uri suites;
        components = repository.components or [];
        key = keyOf keys repository;
      })
      args.repositories;
    certificates = map store.textFile args.certificates;
    proxy = orNull fillProxy args.proxy;
  };

  mkSystem = given: let
    args = check given;
  in {
    _type = "voyagerSystem";
    inherit (args) name;
    spec = toSpec args;
    packages = defaultPackages // args.packages // {unpack = defaultPackages.unpack // args.packages.unpack or {};};
    override = override mkSystem given;
  };
in {
  inherit arguments;
  function = mkSystem;
}
