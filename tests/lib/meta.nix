# `meta`: what a build adds to it, and what Hydra would pass over without a word.
{
  build,
  lib,
  ...
}: let
  meta = args: removeAttrs (build args).meta ["description" "platforms"];
  declared = meta: (build {inherit meta;}).drvPath;
in {
  "a build says what it is and where it is built; what is given comes first" = {
    value = [
      (build {}).meta
      ((build {
          meta = {
            description = "mine";
            platforms = ["aarch64-linux"];
          };
        })
        .meta)
    ];
    expected = [
      {
        description = "hello 1.0, built for debian12";
        platforms = ["x86_64-linux"];
      }
      {
        description = "mine";
        platforms = ["aarch64-linux"];
      }
    ];
  };
  "Hydra's limit is a minute longer than the build's own" = {
    value = [
      (meta {timeout = 40000;})
      (meta {
        timeout = 60;
        meta.timeout = 90;
      })
      (meta {silenceTimeout = 10000;})
      (meta {silenceTimeout = 600;})
    ];
    expected = [{timeout = 40060;} {timeout = 90;} {maxSilent = 10060;} {}];
  };
  "all that Hydra and Nix read, and whatever else" = {
    value =
      meta {
        meta = {
          longDescription = "long";
          homepage = "https://example.org";
          license = [{shortName = "MIT";} "BSD"];
          maintainers = [
            "a@example.org"
            {
              email = "b@example.org";
              name = "B";
            }
          ];
          mainProgram = "hello";
          timeout = 60;
          maxSilent = 30;
          schedulingPriority = 200;
          isHydraChannel = false;
          team = {
            number = 7;
            f = _: null;
          };
        };
      }
      ? team;
    expected = true;
  };
  "a download and a test have it, too" = {
    value = [
      (lib.fetchPypi {
        pname = "a";
        version = "1";
        hash = "sha256-QzxBDCF3BXcF2iqfLNAd0VdJOyp6wUyFk6FrPatra/s=";
        meta.schedulingPriority = 7;
      })
      .meta
      .schedulingPriority
      (lib.mkDockerTest {
        package = build {};
        script = "true";
        timeout = 60;
      })
      .meta
      .timeout
    ];
    expected = [7 120];
  };
  "a timeout as text" = {
    value = declared {timeout = "60";};
    error = "mkDockerBuild: 'timeout' in argument 'meta' must be a number of seconds, 1 or more, got the string '60'";
  };
  "a license that Hydra cannot show" = {
    value = declared {license.fullName = "MIT License";};
    error = "mkDockerBuild: 'license' in argument 'meta' must be a non-empty string, or a set with 'shortName', or a list (each element: a non-empty string, or a set with 'shortName'), got a set with the attributes fullName";
  };
  "a maintainer whom nobody can write to" = {
    value = declared {maintainers = [{name = "A";}];};
    error = "element 1 of 'maintainers' in argument 'meta' must be a non-empty string, or a set with 'email', got a set with the attributes name";
  };
  "several home pages, of which Hydra would show none" = {
    value = declared {homepage = ["https://example.org"];};
    error = "mkDockerBuild: 'homepage' in argument 'meta' must be a non-empty string, got a list of 1 elements";
  };
  "a priority that is no number" = {
    value = declared {schedulingPriority = "high";};
    error = "mkDockerBuild: 'schedulingPriority' in argument 'meta' must be an integer, zero or more, got the string 'high'";
  };
  "meta that is no set" = {
    value = declared "free";
    error = "mkDockerBuild: argument 'meta' must be a set, got the string 'free'";
  };
}
