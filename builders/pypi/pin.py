#!/usr/bin/env python3
"""Reads a requirements file with hashes, and writes it with one hash for each requirement: see voyager_pypi/requirements_file.py.

Standard input and output; VOYAGER_PYPI_INDEX is the address of a simple index, or not set for what pip is configured to
use: here, or by the files of VOYAGER_PIP_FILES (see voyager_pypi/configuration.py). Exits with 67 when it cannot.
"""
import os
import sys
import tempfile

sys.dont_write_bytecode = True
from voyager_pypi import configuration, requirements_file  # noqa: E402
from voyager_pypi.errors import run  # noqa: E402
from voyager_pypi.index import open_index  # noqa: E402


def main():
    text = sys.stdin.read()
    with tempfile.TemporaryDirectory() as work:
        configuration.follow_files(work)
        with open_index(os.environ.get("VOYAGER_PYPI_INDEX") or None) as index:
            sys.stdout.write(requirements_file.pin(text, index))


if __name__ == "__main__":
    run(main)
