#!/usr/bin/env python3
"""Makes the virtual environment $out of wheels, for the interpreter that runs this, without pip and without network.

Reads the environment variable VOYAGER_VIRTUALENV, JSON with
  installer  the folder builders/wheel, whose parts install wheels
  name       what an activated shell shows
  wheels     each as {"path", "package"}: a wheel, or a folder that has some at its top; and {"name", "version"} that it must
             be of, null for any
Exits with 66 when it refuses something.
"""
import json
import os
import sys

sys.dont_write_bytecode = True
settings = json.loads(os.environ.pop("VOYAGER_VIRTUALENV"))
sys.path[0] = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(1, settings["installer"])
from voyager_virtualenv import environment  # noqa: E402
from voyager_wheel.errors import Failure  # noqa: E402


if __name__ == "__main__":
    try:
        environment.make(os.environ["out"], settings["wheels"], settings["name"])
    except Failure as failure:
        sys.stdout.flush()
        print("\n".join(f"nix-voyager: {line}" for line in str(failure).splitlines()), file=sys.stderr)
        sys.exit(66)
