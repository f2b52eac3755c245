# fetchRequirements and mkDockerWheels: which files they take of a requirements file, and which lines
# they refuse.
{
  base,
  lib,
  ...
}: let
  inherit (builtins) fromJSON head listToAttrs map match readFile replaceStrings sort;

  digits = "433c410c2177057705da2a9f2cd01dd157493b2a7ac14c8593a16b3dab6b6bfb";
  other = "8a9f2cd01dd157493b2a7ac14c8593a16b3dab6b6bfb433c410c2177057705da";
  hash = "--hash=sha256:${digits}";
  requirements = ./files/requirements.txt;
  plain = builtins.unsafeDiscardStringContext;
  read = import ../../lib/internal/requirements-file.nix "requirements.txt";
  parse = text: (read text).requirements;
  fails = error: text: {
    inherit error;
    value = throw (builtins.concatStringsSep "\n" (read text).problems);
  };

  # The cases that `voyager requirements` is tested with, too.
  common = let
    repeat = text: builtins.concatStringsSep "" (builtins.genList (_: text) 32);
    small = map repeat ["a1" "b2" "c3"];
    digits = replaceStrings ["{a}" "{b}" "{C}"] (map repeat ["a1" "b2" "C3"]);
    hashes = map (replaceStrings ["a" "b" "C"] small);
    # By its name, as the result is sorted.
    byName = sort (one: other: one.name < other.name);
    asked = one: {
      inherit (one) version line;
      name = one.pname;
      extras = sort (one: other: one < other) one.extras;
      hashes = [(replaceStrings ["C"] ["c"] one.hash)];
    };
    lineOf = problem: fromJSON (head (match "line ([0-9]+): .*" problem));
    test = case: {
      name = "requirements file: ${case.name}";
      value = let
        it = read (digits case.text);
        refused = case.refused or [];
        # What is refused in part is refused.
        means =
          if refused == []
          then byName (map (one: one // {hashes = hashes one.hashes;}) case.means)
          else null;
      in {
        value = {
          refused = map lineOf it.problems;
          means =
            if it.problems == []
            then byName (map asked it.requirements)
            else null;
        };
        expected = {
          inherit refused means;
        };
      };
    };
  in
    listToAttrs (map test (fromJSON (readFile ../requirements-files.json)).cases);
  summary = one: {
    inherit (one) version extras format;
    inherit (one.src) name;
  };
  wheels = args:
    lib.mkDockerWheels ({
        inherit (base) system;
        inherit requirements;
      }
      // args);
in
  common
  // {
    "each requirement is one file, the sdist unless a comment names another" = {
      value = builtins.mapAttrs (_: summary) (lib.fetchRequirements requirements).requirements;
      expected = let
        sdist = version: name: {
          inherit name version;
          extras = [];
          format = "sdist";
        };
      in {
        bcrypt = sdist "3.2.2" "bcrypt-3.2.2.tar.gz";
        cffi = sdist "1.16.0" "cffi-1.16.0.tar.gz";
        six = sdist "1.16.0" "six-1.16.0-py2.py3-none-any.whl" // {format = "wheel";};
        zipped = sdist "1" "zipped-1.zip";
        zope-interface = sdist "1.0" "Zope.Interface-1.0.tar.gz" // {extras = ["test" "docs"];};
      };
    };
    "the result is a folder of links to the files by their names" = {
      value = let
        it = lib.fetchRequirements requirements;
        files = builtins.fromJSON (plain it.files);
      in [
        it.type
        (builtins.attrNames files)
        (files."zipped-1.zip" == plain "${it.requirements.zipped.src}")
        (builtins.length it.sdists)
        (builtins.length it.wheels)
      ];
      expected = ["derivation" ["Zope.Interface-1.0.tar.gz" "bcrypt-3.2.2.tar.gz" "cffi-1.16.0.tar.gz" "six-1.16.0-py2.py3-none-any.whl" "zipped-1.zip"] true 4 1];
    };
    "a file is the one that fetchPypi gets, whatever else the requirements have" = {
      value =
        (lib.fetchRequirements requirements).requirements.bcrypt.src.outPath
        == (lib.fetchPypi {
          pname = "bcrypt";
          version = "3.2.2";
          hash = digits;
        })
        .outPath;
      expected = true;
    };
    "arguments of fetchPypi are for all" = {
      value = let
        it = lib.fetchRequirements {
          inherit requirements;
          index = "https://example.org/simple";
          timeout = 60;
        };
        spec = it.requirements.six.src.voyager;
      in [spec.settings.VOYAGER_PYPI.index spec.timeout];
      expected = ["https://example.org/simple" 60];
    };
    "a comment of its own ends a line, and a backslash in a comment goes on with that, as with pip" = {
      value = map (one: [one.pname one.file one.line]) (parse ''
        a==1 ${hash} \
        # comment
        b==1 ${hash} # because of \
        c==1 ${hash} # c-1.tar.gz
        d==1 \
          ${hash} # d-1.tar.gz
      '');
      expected = [["a" null 1] ["b" null 3] ["d" "d-1.tar.gz" 5]];
    };
    "lines may end as in Windows, and the last without an end" = {
      value = map (one: one.file) (parse "a==1 ${hash} # a-1.zip\r\n\r\nb==1 \\\r\n ${hash}");
      expected = ["a-1.zip" null];
    };
    "the same requirement twice is one" = {
      value = builtins.length (parse "Six==1.16.0 ${hash}\nsix==1.16.0 ${hash}\n");
      expected = 1;
    };
    "no requirements" = {
      value = parse "\n# nothing\n--pre\n";
      expected = [];
    };

    "a requirement without a hash" = fails "line 2: 'six' has no hash; write --hash=sha256:… behind it, as pip-compile --generate-hashes does" "\nsix==1.16.0\n";
    "a requirement that is not pinned" = fails "line 1: 'six' is not pinned to one version, but required as 'six>=1.16.0'; write six==VERSION" "six >= 1.16.0 ${hash}";
    "a requirement of any version" = fails "'six' is not pinned to one version, but required as 'six'" "six ${hash}";
    "a requirement of versions that begin so" = fails "'six' is not pinned to one version, but required as 'six==1.*'" "six==1.* ${hash}";
    "a requirement of two ranges" = fails "'six' is not pinned to one version" "six==1.0,!=1.1 ${hash}";
    "a requirement of an arbitrary version" = fails "'six' is not pinned to one version" "six===1.0 ${hash}";
    "a requirement twice, with different versions" =
      fails "line 3: 'zope-interface' is required as 1.0 and as 2.0 (before in line 1); leave one of them out"
      "zope.interface==1.0 ${hash}\n\nZope_Interface==2.0 ${hash}\n";
    "a requirement twice, with different hashes" =
      fails "line 2: 'six' is required with two hashes (before in line 1)" "six==1.0 ${hash}\nsix==1.0 --hash=sha256:${other}\n";
    "a requirement with all hashes of its version" =
      fails "line 1: 'six' has 2 hashes, and Nix must know beforehand which file it gets; `voyager requirements" "six==1.0 \\\n  ${hash} \\\n  --hash=sha256:${other}\n";
    "a hash of another kind" = fails "line 1: 'six' has '--hash=md5:${digits}'; only --hash=sha256: and 64 digits" "six==1.0 --hash=md5:${digits}";
    "a hash that is too short" = fails "line 1: 'six' has '--hash=sha256:433c'; only" "six==1.0 --hash=sha256:433c";
    "an option of a requirement" = fails "line 1: 'six' has '--global-option=x'; only" "six==1.0 --global-option=x ${hash}";
    "an environment marker" = fails "line 1: 'colorama' has an environment marker, which Nix cannot decide; `voyager requirements" "colorama==0.4.6 ; sys_platform == 'win32' ${hash}";
    "a compiled wheel" =
      fails "line 1: 'cffi' is to be the compiled wheel cffi-1.16.0-cp311-cp311-manylinux_2_17_x86_64.whl, which brings its own libraries"
      "cffi==1.16.0 ${hash} # cffi-1.16.0-cp311-cp311-manylinux_2_17_x86_64.whl";
    "an address" = fails "line 1: 'demo@https://example.org/demo.tar.gz' is a path or an address" "demo @ https://example.org/demo.tar.gz ${hash}";
    "a path" = fails "line 1: './demo' is a path or an address" "./demo";
    "another requirements file" = fails "line 1: the option '-r' cannot be followed here; write the requirements of both files into one" "-r base.txt";
    "a file of constraints" = fails "line 1: the option '--constraint' cannot be followed here" "--constraint=base.txt";
    "an editable requirement" = fails "line 1: the option '-e' cannot be followed here; build it with mkDockerWheel" "-e .";
    "an index in the file" = fails "line 1: the option '--index-url' cannot be followed here; give the index as an argument of fetchRequirements" "--index-url https://example.org/simple";
    "an option that pip does not have either" = fails "line 1: the option '--strange' cannot be followed here; leave it out" "--strange";
    "all that is wrong is told" = fails "line 2: 'b' has no hash" "a==1\nb==2\n";
    "a file that is none of requirements" = {
      value = (lib.fetchRequirements ./files/other.json).drvPath;
      error = "fetchRequirements: other.json cannot be fetched:\n";
    };
    "an argument that fetchRequirements does not have" = {
      value =
        (lib.fetchRequirements {
          inherit requirements;
          hash = digits;
        })
        .drvPath;
      error = "fetchRequirements: unknown argument 'hash'";
    };
    "a text is not a file" = {
      value = (lib.fetchRequirements "six==1.16.0").drvPath;
      error = "fetchRequirements: argument 'requirements' must be a path, a derivation or a store path, got the string 'six==1.16.0'";
    };

    "sdists are built, wheels are taken as they are" = {
      value = let
        it = wheels {timeout = 600;};
      in [
        (builtins.attrNames it)
        it.six.name
        it.bcrypt.voyager.kind
        it.bcrypt.voyager.timeout
        it.zope-interface.voyager.package.name
        (it.bcrypt.voyager.src == plain "${it.bcrypt.src}")
      ];
      expected = [["bcrypt" "cffi" "six" "zipped" "zope-interface"] "six-1.16.0-py2.py3-none-any.whl" "wheel" 600 "Zope.Interface" true];
    };
    "overrides take the place of what all have, and may name other wheels" = {
      value = let
        it = wheels {
          requirements = lib.fetchRequirements requirements;
          systemBuildDependencies = ["make"];
          overrides = others: {
            Bcrypt = {
              systemBuildDependencies = ["libffi-dev"];
              pythonBuildDependencies = [others.cffi];
            };
          };
        };
        settings = it.bcrypt.voyager.settings.VOYAGER_WHEEL;
        own = wheel: builtins.elemAt wheel.voyager.environment.layers 1;
      in [(own it.cffi) (own it.bcrypt) (settings.findLinks == [(plain "${it.cffi}")])];
      expected = [["make"] ["libffi-dev"] true];
    };
    "an override of a project that is not required" = {
      value = (wheels {overrides.bcrpyt = {};}).bcrypt.drvPath;
      error = "mkDockerWheels: argument 'overrides' has the project 'bcrpyt'; did you mean 'bcrypt'?";
    };
    "an override of a project that is not built" = {
      value = (wheels {overrides.six = {};}).bcrypt.drvPath;
      error = "mkDockerWheels: argument 'overrides' has the project 'six', which is not built: the requirements have a wheel of it";
    };
    "an argument that is one package's" = {
      value = wheels {version = "1";};
      error = "mkDockerWheels: unknown argument 'version'";
    };
  }
