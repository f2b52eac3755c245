#!/usr/bin/env python3
"""Builds the wheel of the source in the working directory, without pip and without network.

Reads the environment variable VOYAGER_WHEEL, JSON with
  configSettings  PEP 517's config_settings: name -> text or list of texts
  findLinks       files or folders with the wheels and sdists of pythonBuildDependencies
  package         {"name", "version"} that the wheel must have, as records will say so; null: any
and leaves exactly one wheel at the top of the folder $out. Exits with 66 when it refuses something.
"""
import os
import sys

# This folder is no part of what the package's own build may import, nor is it to be written to.
sys.dont_write_bytecode = True
sys.path[0] = os.path.dirname(os.path.abspath(__file__))
from voyager_wheel import artifacts, config, hooks, processes  # noqa: E402
from voyager_wheel.errors import Failure  # noqa: E402

del sys.path[0]

# What makes a build depend on nothing but its inputs.
FIXED = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONNOUSERSITE": "1", "PIP_NO_INDEX": "1"}
# The zip format knows no earlier time.
EARLIEST = 315532800


def fix_environment():
    """Sets the variables; the seed of hashes is read when the interpreter starts, so that may mean to start again."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    os.environ["SOURCE_DATE_EPOCH"] = str(max(EARLIEST, int(epoch) if epoch.isdigit() else 0))
    started_fixed = os.environ.get("PYTHONHASHSEED") == "0"
    os.environ.update(FIXED)
    if not started_fixed:
        os.execv(sys.executable, [sys.executable, os.path.abspath(__file__)])


def main():
    fix_environment()
    out = os.environ.get("out")
    if not out or not os.path.isdir(out):
        raise Failure("the variable 'out' must name the folder that the wheel goes to")
    settings = config.read(os.environ.pop("VOYAGER_WHEEL", "{}"))
    # A name that is always the same: compilers write the paths of headers into what they make.
    work = os.path.join(os.environ.get("TMPDIR", "/tmp"), "voyager-wheel")
    os.mkdir(work)
    private = os.path.join(work, "environment")
    if settings["findLinks"]:
        # Most builds have none and need not pay for what it imports.
        from voyager_wheel import dependencies

        dependencies.install(settings["findLinks"], work, private)
    wheel = processes.run(hooks.build, os.getcwd(), os.path.join(work, "wheel"), settings["configSettings"], private)
    artifacts.check_package(wheel, settings["package"])
    artifacts.deliver(wheel, out)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.stdout.flush()
        print("\n".join(f"nix-voyager: {line}" for line in str(failure).splitlines()), file=sys.stderr)
        sys.exit(66)
