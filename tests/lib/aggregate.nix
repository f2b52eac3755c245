# mkAggregate: what it hands the helper, and what Hydra reads.
{
  build,
  dependency,
  lib,
  ...
}: let
  aggregate = args: lib.mkAggregate ({name = "app-1";} // args);
  package = build {outputs = ["out" "dev"];};
  test = lib.mkDockerTest {
    inherit package;
    script = "true";
  };
  plain = path: builtins.unsafeDiscardStringContext "${path}";
in {
  "all outputs of each part, and whether it must have a report" = {
    value = let
      it = (aggregate {constituents = [package test dependency];}).aggregate;
    in
      it
      // {
        constituents =
          map (one: one // {outputs = builtins.mapAttrs (_: plain) one.outputs;}) it.constituents;
      };
    expected = {
      version = 1;
      name = "app-1";
      constituents = [
        {
          name = "hello-1.0";
          audited = true;
          outputs = {
            out = plain package.out;
            dev = plain package.dev;
          };
        }
        {
          name = "hello-test-1.0";
          audited = false;
          outputs.out = plain test;
        }
        {
          name = "dependency";
          audited = false;
          outputs = {
            out = plain dependency.out;
            dev = plain dependency.dev;
          };
        }
      ];
    };
  };
  "it needs no engine, and Hydra knows it" = {
    value = let
      it = aggregate {constituents = [package test];};
    in {
      inherit (it) args builder meta name system _hydraAggregate;
      needs = it.requiredSystemFeatures or null;
      constituents = map (one: one.name) it.constituents;
    };
    expected = {
      args = ["/store/voyager.cjs" "aggregate"];
      builder = "/store/node";
      meta = {
        description = "Release of 2 parts, all of them fit for it";
        platforms = ["x86_64-linux"];
      };
      name = "app-1";
      system = "x86_64-linux";
      _hydraAggregate = true;
      needs = null;
      constituents = ["hello-1.0" "hello-test-1.0"];
    };
  };
  "an override replaces parts" = {
    value = ((aggregate {constituents = [package];}).override (old: {constituents = old.constituents ++ [test];})).aggregate.constituents == (aggregate {constituents = [package test];}).aggregate.constituents;
    expected = true;
  };
  "nothing would hold it back" = {
    value = (aggregate {constituents = [];}).drvPath;
    error = "mkAggregate: argument 'constituents' is an empty list; it would hold nothing back";
  };
  "the name of a job" = {
    value = (aggregate {constituents = ["bcryptWheel"];}).drvPath;
    error = "mkAggregate: element 1 of argument 'constituents' must be a derivation, got the string 'bcryptWheel'";
  };
  "an argument that it does not have" = {
    value =
      (aggregate {
        constituents = [package];
        members = [];
      })
      .drvPath;
    error = "mkAggregate: unknown argument 'members'";
  };
}
