# Builds a package with a script in a container of a system, and exports the result to the Nix
# store. The general function: the others are thin layers on it.
#
# Returns a derivation that also has `voyagerSystem` (the system given; `system` is the platform, as
# in every derivation: Nix and Hydra read it), `environment` (its packages and age), `linkage` (where
# its linkage report will be), `systemLock` (what `voyager lock` reads), `pname`, `version`, `src`, `meta`, `passthru`, and `override`
# (takes a set of arguments to replace, or a function from the arguments to such a set). Throws on an
# unknown, missing or ill-typed argument.
{
  # From ./internal/build.nix: makes the derivation of checked arguments.
  build,
  # What ./internal/types.nix has.
  types,
  # What ./internal/limits.nix has.
  limits,
}: let
  arguments = {
    # Name of the package, as in its own metadata.
    pname = {type = types.nonEmptyString;};

    # Version of the package. The derivation is named `pname-version`; characters that the Nix
    # store refuses become dashes.
    version = {type = types.nonEmptyString;};

    # The source, unpacked to /build/source: a folder, or an archive (tar, plain or compressed
    # with gzip, xz, bzip2 or zstd; zip). null: an empty folder.
    src = {
      type = types.nullOr types.storeFile;
      default = null;
    };

    # The operating system to build in and for.
    system = {type = types.system;};

    # System packages that the build needs.
    systemBuildDependencies = {
      type = types.listOf types.packageName;
      default = [];
    };

    # System packages that the result needs of the target. What it links to must belong to these
    # packages, to those that they depend on, or to the essential ones. null: not declared.
    systemRunDependencies = {
      type = types.nullOr (types.listOf types.packageName);
      default = null;
    };

    # Things from Nix that the build may see: they and all they refer to are in the container,
    # read-only, at their store paths; their bin folders come first on PATH.
    nixDependencies = {
      type = types.listOf types.storeFile;
      default = [];
    };

    # Environment variables. What they refer to in the Nix store is in the container.
    env = {
      type = types.environment;
      default = {};
    };

    # Outputs; each is a variable that holds its store path, an existing empty folder.
    outputs = {
      type = types.outputs;
      default = ["out"];
    };

    # Script run by `bash -e -o pipefail` in the unpacked source. What it refers to in the Nix
    # store is in the container.
    buildScript = {type = types.string;};

    # Patches, applied to the source with `patch -p1` in this order.
    patches = {
      type = types.listOf types.storeFile;
      default = [];
    };

    # How files get into the container and out: "bind" (no copies; the engine must be on this
    # machine), "stream" (through the engine's connection), or "auto" (bind where it works).
    transfer = {
      type = types.enum ["auto" "bind" "stream"];
      default = "auto";
    };

    # What the build may use: `memory` (bytes or a string like "2G"), `cpus` (cores, may be a
    # fraction), `pids` (processes and threads, 4096 unless given).
    limits = {
      type = types.struct limits.fields;
      default = {};
    };

    # Seconds that the whole build may take: making the environment, and waiting for other builds,
    # included. null: as many as it wants.
    timeout = {
      type = types.nullOr types.seconds;
      default = null;
    };

    # Seconds for which nothing may come from the build (its script, or the package manager that
    # makes its environment, if no broker does that), nor any of its files be on their way. null: as
    # many as it wants.
    silenceTimeout = {
      type = types.nullOr types.seconds;
      default = null;
    };

    # The exact versions of all system packages, as `voyager lock` wrote them: the file, or a set
    # of `file` and `packages`, a folder that `voyager lock --fetch` filled, from which they are
    # then installed without network. null: the newest of the repositories, see `environment`.
    systemLock = {
      type = types.nullOr (types.either types.storeFile (types.struct {
        file = {type = types.storeFile;};
        packages = {
          type = types.nullOr types.storeFile;
          default = null;
        };
      }));
      default = null;
    };

    # How the environment is kept: `maxAge` (seconds after which it is made anew, 86400 unless
    # given, so that a new build sees the system's updates; not with `systemLock`).
    environment = {
      type = types.struct {
        maxAge = {
          type = types.unsigned;
          default = 86400;
        };
      };
      default = {};
    };

    # Files to show on Hydra's build page: `type`, `subtype`, `pattern` (a glob relative to the
    # output) and `output` ("out" unless given).
    hydraProducts = {
      type = types.listOf (types.struct {
        type = {type = types.word;};
        subtype = {type = types.word;};
        pattern = {type = types.nonEmptyString;};
        output = {
          type = types.nonEmptyString;
          default = "out";
        };
      });
      default = [];
    };

    # What the linkage report may overlook: `allow`, a list of sets with `reason` (appears in the
    # report) and at least one of `soname` ("libz.so.1", or "libz.a" for a static library), `file`
    # (its path in the report) and `rule` (a rule of docs/linkage.md); in the first two, `*` stands
    # for any text.
    linkage = {
      type = types.struct {
        allow = {
          type = types.listOf types.allowance;
          default = [];
        };
      };
      default = {};
    };

    # Description, license, homepage, maintainers … as Nix and Hydra know them: see docs/hydra.md for
    # what is added to it.
    meta = {
      type = types.meta;
      default = {};
    };

    # Attributes to add to the result; they do not reach the build.
    passthru = {
      type = types.attrs;
      default = {};
    };
  };

  function = "mkDockerBuild";
  check = import ./internal/check.nix function arguments;

  mkDockerBuild = given:
    build {
      inherit function given;
      kind = "build";
      rebuild = mkDockerBuild;
    } (check given);
in {
  inherit arguments;
  function = mkDockerBuild;
}
