# The system lock of a build.
{
  build,
  lib,
  wheel,
  ...
}: let
  file = ./files/debian12.system.lock.json;
  packages = ./files/packages;
  lock = args: (build ({systemLock = file;} // args)).voyager.environment.lock;
  fails = error: args: {
    inherit error;
    value = (build ({systemLock = file;} // args)).drvPath;
  };
in {
  "no lock unless it is given" = {
    value = (build {}).voyager.environment.lock;
    expected = null;
  };
  "a lock is in the store, under its own name" = {
    value = let
      spec = lock {systemBuildDependencies = ["gcc" "libc6-dev" "c-compiler" "gcc:amd64" "gcc=4:12.2.0-3"];};
    in [
      (builtins.match ".*-debian12.system.lock.json" spec.file != null)
      spec.packages
    ];
    expected = [true null];
  };
  "of a folder of packages only what the lock names is in the store" = {
    value = let
      packagesOf = folder:
        (lock {
          systemLock = {
            inherit file;
            packages = folder;
          };
        })
        .packages;
    in [
      (packagesOf packages == packagesOf ./files/packages-alone)
      (builtins.match ".*-system-packages" (packagesOf packages) != null)
    ];
    expected = [true true];
  };
  "a set without a folder is like the file" = {
    value = (build {systemLock = {inherit file;};}).drvPath == (build {systemLock = file;}).drvPath;
    expected = true;
  };
  "what voyager lock reads does not need the lock" = {
    value = let
      absent = ./files + "/absent.json";
      request =
        (wheel {
          systemLock = {
            file = absent;
            packages = absent;
          };
          systemBuildDependencies = ["b" "a"];
        })
        .systemLock;
    in [
      (request.file == toString absent)
      (request.packages == toString absent)
      (request.system == lib.systems.debian12.spec)
      (builtins.head request.requested)
    ];
    expected = [true true true "a"];
  };
  "a lock that does not exist" = fails "absent.json does not exist; make it with `voyager lock`" {systemLock = ./files + "/absent.json";};
  "a file that is no lock" = fails "is not a system lock (of the form voyager-system-lock/1); make it with `voyager lock`" {
    systemLock = ./files/other.json;
  };
  "a lock of another system" = fails "is for 'debian12', but the build's system is 'debian13'; make one for it with `voyager lock`" {
    system = lib.systems.debian13;
  };
  "packages that the lock does not have are named" =
    fails "does not have 'gcc=13', 'libffi-dev'; run `voyager lock` again"
    {systemBuildDependencies = ["libffi-dev" "gcc=13" "gcc"];};
  "the tools of a wheel count as asked for" = {
    error = "mkDockerWheel: the system lock ";
    value = (wheel {systemLock = file;}).drvPath;
  };
  "an unknown key of the lock" = fails "unknown key in argument 'systemLock': 'folder'; did you mean 'file'? Known: file, packages" {
    systemLock = {
      inherit file;
      folder = packages;
    };
  };
}
