#!/usr/bin/env python3
"""Downloads one file of a project from a Python package index, without running any code of the project.

Reads the environment variable VOYAGER_PYPI, JSON with
  pname, version  the project and its version
  format          "sdist", or "wheel" for a wheel of pure Python
  file            the name of the file, or null for any of the format
  hash            its SHA-256 as fetchPypi takes it; Nix checks that, here it only makes a better message
  index           address of a simple index, or null for what pip is configured to use
and leaves the file at the path $out. Exits with 67 when it cannot. pip's own settings (environment and
configuration files) count for everything that `index` does not say: mirrors, certificates, proxy, trusted hosts.
"""
import base64
import json
import os
import re
import sys

sys.dont_write_bytecode = True
from voyager_pypi.errors import Failure, mask, run  # noqa: E402
from voyager_pypi.files import choose  # noqa: E402
from voyager_pypi.index import open_index  # noqa: E402

KEYS = ("pname", "version", "format", "file", "hash", "index")


def read_request(text):
    """The checked content of VOYAGER_PYPI, with the hash as 64 digits."""
    try:
        request = json.loads(text)
    except ValueError as error:
        raise Failure(f"VOYAGER_PYPI is not JSON: {error}")
    if not isinstance(request, dict) or set(request) != set(KEYS):
        raise Failure(f"VOYAGER_PYPI must be an object with {', '.join(KEYS)}")
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", str(request["pname"])):
        raise Failure(f"'{request['pname']}' is not the name of a Python project")
    if not isinstance(request["version"], str) or not request["version"]:
        raise Failure("the version must be a text")
    if request["format"] not in ("sdist", "wheel"):
        raise Failure(f"format must be 'sdist' or 'wheel', not '{request['format']}'")
    if request["file"] is not None and not isinstance(request["file"], str):
        raise Failure("file must be a text or null")
    if request["index"] is not None and "://" not in str(request["index"]):
        raise Failure(f"index must be an address such as https://example.org/simple, not '{mask(request['index'])}'")
    return {**request, "hash": digits(request["hash"])}


def digits(text):
    """The 64 hexadecimal digits of a SHA-256 in any of the forms that Nix takes."""
    try:
        if str(text).startswith("sha256-"):
            return base64.b64decode(text[len("sha256-"):], validate=True).hex()
        return bytes.fromhex(str(text).rpartition(":")[2]).hex()
    except ValueError:
        raise Failure(f"'{text}' is not a SHA-256")


def main():
    request = read_request(os.environ.get("VOYAGER_PYPI", ""))
    out = os.environ.get("out")
    if not out:
        raise Failure("the variable 'out' must name the file to write")
    with open_index(request["index"]) as index:
        link = choose(index.links(request["pname"], request["version"]), request)
        if link.is_yanked:
            print(f"nix-voyager: {link.filename} was withdrawn by its authors: {link.yank_reason}", file=sys.stderr)
        index.download(link, out)


if __name__ == "__main__":
    run(main)
