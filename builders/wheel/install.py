#!/usr/bin/env python3
"""Installs wheels without pip: install.py FOLDER PATH…

A path is a wheel, or a folder with wheels at its top. Of the new folder FOLDER, `site` is for sys.path and `bin` for
PATH. Nothing is built. Exits with 66 when it refuses something.
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path[0] = os.path.dirname(os.path.abspath(__file__))
from voyager_wheel import dependencies  # noqa: E402
from voyager_wheel.errors import Failure  # noqa: E402


if __name__ == "__main__":
    try:
        dependencies.install_wheels(sys.argv[2:], sys.argv[1])
    except Failure as failure:
        print("\n".join(f"nix-voyager: {line}" for line in str(failure).splitlines()), file=sys.stderr)
        sys.exit(66)
