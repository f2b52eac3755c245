# What wrong arguments get.
{
  lib,
  base,
  build,
  wheel,
  ...
}: let
  fails = error: drv: {
    inherit error;
    value = drv.drvPath;
  };
in {
  "an unknown argument: the nearest known name" =
    fails "mkDockerWheel: unknown argument 'systemBuildDependancies'; did you mean 'systemBuildDependencies'? Known: configSettings, env, "
    (wheel {systemBuildDependancies = [];});
  "an unknown argument that is like none" =
    fails "mkDockerBuild: unknown argument 'qqqqqqqq'. Known: buildScript, "
    (build {qqqqqqqq = 1;});
  "an argument of another function is unknown" =
    fails "mkDockerWheel: unknown argument 'buildScript'"
    (wheel {buildScript = "true";});
  "a missing argument" =
    fails "mkDockerBuild: argument 'buildScript' is missing; it must be a string"
    (lib.mkDockerBuild base);
  "arguments that are no set" =
    fails "mkDockerWheel: expected a set of arguments, got a list of 0 elements"
    (lib.mkDockerWheel []);
  "an empty pname" =
    fails "mkDockerWheel: argument 'pname' must be a non-empty string, got the string ''"
    (wheel {pname = "";});
  "a version that is a number" =
    fails "mkDockerWheel: argument 'version' must be a non-empty string, got the number 1.5"
    (wheel {version = 1.5;});
  "an allowance without a reason" =
    fails "mkDockerBuild: 'reason' is missing in element 1 of 'allow' in argument 'linkage'; it must be a non-empty string"
    (build {linkage.allow = [{soname = "libz.a";}];});
  "an allowance that says not what is allowed" =
    fails "element 1 of 'allow' in argument 'linkage' must have 'soname', 'file' or 'rule', to say what is allowed"
    (build {linkage.allow = [{reason = "because";}];});
  "an allowance of a rule that does not exist" =
    fails "'rule' in element 1 of 'allow' in argument 'linkage' must be one of 'architecture', 'bundled', "
    (build {
      linkage.allow = [
        {
          rule = "sttic";
          reason = "because";
        }
      ];
    });
  "a string where a list is expected" =
    fails "argument 'systemBuildDependencies' must be a list (each element: the name of a system package), got the string 'gcc'"
    (build {systemBuildDependencies = "gcc";});
  "a bad element of a list is pointed at" =
    fails "element 2 of argument 'systemBuildDependencies' must be the name of a system package, got the string 'a b'"
    (build {systemBuildDependencies = ["gcc" "a b"];});
  "a system by its name only" =
    fails "argument 'system' must be a system (made by mkSystem, or one of lib.systems), got the string 'debian12'"
    (build {system = "debian12";});
  "a source that is neither path nor derivation" =
    fails "argument 'src' must be a path, a derivation or a store path, got the string './source'"
    (build {src = "./source";});
  "an unknown key of limits" =
    fails "mkDockerBuild: unknown key in argument 'limits': 'memroy'; did you mean 'memory'? Known: cpus, memory, pids"
    (build {limits.memroy = "2G";});
  "an amount of memory that is none" =
    fails "'memory' in argument 'limits' must be bytes (16777216 or more) or a string like \"512M\" or \"2G\", got the string '2 gigabytes'"
    (build {limits.memory = "2 gigabytes";});
  "a time limit that is none" =
    fails "mkDockerWheel: argument 'timeout' must be a number of seconds, 1 or more, got the integer 0"
    (wheel {timeout = 0;});
  "a time limit in other words" =
    fails "argument 'silenceTimeout' must be a number of seconds, 1 or more, got the string '10m'"
    (build {silenceTimeout = "10m";});
  "too little memory" =
    fails "'memory' in argument 'limits' must be bytes (16777216 or more)"
    (build {limits.memory = 1024;});
  "too little memory as text" =
    fails "'memory' in argument 'limits' must be"
    (build {limits.memory = "15M";});
  "an unknown key of environment" =
    fails "unknown key in argument 'environment': 'maxage'; did you mean 'maxAge'? Known: maxAge"
    (build {environment.maxage = 1;});
  "a negative age" =
    fails "'maxAge' in argument 'environment' must be an integer, zero or more, got the integer -1"
    (build {environment.maxAge = -1;});
  "an unknown way of transfer" =
    fails "argument 'transfer' must be one of 'auto', 'bind', 'stream', got the string 'copy'"
    (build {transfer = "copy";});
  "outputs without out" =
    fails "argument 'outputs' must be a list of different output names with \"out\" among them (and none of env, environment, linkage, meta, name, outputs, override, passthru, patches, pname, python, src, system, systemLock, type, version, voyager, voyagerSystem), got a list of 1 elements"
    (build {outputs = ["dev"];});
  "an output twice" =
    fails "argument 'outputs' must be"
    (build {outputs = ["out" "out"];});
  "a variable that is a boolean" =
    fails "'DEBUG' in argument 'env' must be a string, an integer, a path or a derivation, got the boolean true"
    (build {env.DEBUG = true;});
  "a variable with an impossible name" =
    fails "argument 'env' has 'A-B', which cannot be the name of an environment variable"
    (build {env."A-B" = "1";});
  "a variable that the build sets" =
    fails "mkDockerBuild: argument 'env' sets 'PATH', which the build itself sets"
    (build {env.PATH = "/bin";});
  "a variable that is an output" =
    fails "argument 'env' sets 'dev'"
    (build {
      outputs = ["out" "dev"];
      env.dev = "x";
    });
  "a variable of the builder" =
    fails "mkDockerWheel: argument 'env' sets 'VOYAGER_WHEEL'"
    (wheel {env.VOYAGER_WHEEL = "{}";});
  "an unknown key of a product" =
    fails "unknown key in element 1 of argument 'hydraProducts': 'patern'; did you mean 'pattern'? Known: output, pattern, subtype, type"
    (build {
      hydraProducts = [
        {
          type = "file";
          subtype = "x";
          patern = "*";
        }
      ];
    });
  "a product without a pattern" =
    fails "'pattern' is missing in element 1 of argument 'hydraProducts'; it must be a non-empty string"
    (build {
      hydraProducts = [
        {
          type = "file";
          subtype = "x";
        }
      ];
    });
  "a product of an output that is not there" =
    fails "argument 'hydraProducts' names the output 'doc'; outputs are: out, dev"
    (build {
      outputs = ["out" "dev"];
      hydraProducts = [
        {
          type = "doc";
          subtype = "x";
          pattern = "*";
          output = "doc";
        }
      ];
    });
  "a config setting that is a number" =
    fails "'jobs' in argument 'configSettings' must be a string, or a boolean, or a list (each element: a string), got the integer 2"
    (wheel {configSettings.jobs = 2;});
  "an interpreter with a path" =
    fails "argument 'python' must be the name of an interpreter, like python3 or python3.11, got the string '/usr/bin/python3'"
    (wheel {python = "/usr/bin/python3";});
  "an override is checked too" =
    fails "mkDockerWheel: unknown argument 'pythn'; did you mean 'python'?"
    ((wheel {}).override {pythn = "python3.11";});
  "a wrong argument is found when only meta is read" = {
    error = "mkDockerBuild: argument 'pname' must be";
    value = (build {pname = 1;}).meta.description;
  };
}
