"""What a source says about its build: PEP 517 and 518."""
import importlib
import os
import re

from .errors import Failure

# In the order of how well they parse: the standard library's, its backport, pip's copy, and what Debian 11 has.
PARSERS = ("tomllib", "tomli", "pip._vendor.tomli", "toml")
DEFAULT = {
    "requires": ["setuptools>=40.8.0", "wheel"],
    "build-backend": "setuptools.build_meta:__legacy__",
    "backend-path": [],
}


def build_system(source):
    """The build-system table of the source, with the defaults of PEP 517: requires, build-backend, backend-path."""
    path = os.path.join(source, "pyproject.toml")
    if not os.path.isfile(path):
        if not os.path.isfile(os.path.join(source, "setup.py")) and not _has_metadata(os.path.join(source, "setup.cfg")):
            raise Failure("neither pyproject.toml nor setup.py in the source (and no setup.cfg with a [metadata] section)")
        return dict(DEFAULT)
    with open(path, encoding="utf-8") as stream:
        table = _parse(stream.read()).get("build-system")
    if table is None:
        return dict(DEFAULT)
    if not _is_texts(table.get("requires")):
        raise Failure("the table build-system of pyproject.toml must have 'requires', a list of requirements")
    result = {**DEFAULT, **table}
    if not isinstance(result["build-backend"], str) or not _is_texts(result["backend-path"]):
        raise Failure("build-backend must be a text and backend-path a list of texts in pyproject.toml")
    for folder in result["backend-path"]:
        root = os.path.realpath(source)
        if os.path.commonpath([root, os.path.realpath(os.path.join(root, folder))]) != root:
            raise Failure(f"backend-path '{folder}' of pyproject.toml lies outside the source")
    return result


def _is_texts(value):
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _has_metadata(setup_cfg):
    if not os.path.isfile(setup_cfg):
        return False
    with open(setup_cfg, encoding="utf-8", errors="replace") as stream:
        return re.search(r"^\[metadata\]", stream.read(), re.MULTILINE) is not None


def _parse(text):
    for name in PARSERS:
        try:
            parser = importlib.import_module(name)
        except ImportError:
            continue
        try:
            return parser.loads(text)
        except ValueError as error:
            if name == "toml":
                return _parse_table(parser, text, error)
            raise Failure(f"pyproject.toml cannot be read: {error}")
    raise Failure("pyproject.toml cannot be read without tomllib, tomli or toml; "
                  "add python3-tomli or python3-toml to systemBuildDependencies")


def _parse_table(parser, text, error):
    """The old parser does not know all of TOML 1.0, but our table is simple: try that one alone."""
    match = re.search(r"^\[build-system\][^\n]*\n(.*?)(?=^\[+[^\[\]\n]+\]+[ \t]*(?:#[^\n]*)?$|\Z)", text, re.MULTILINE | re.DOTALL)
    if not match and "build-system" not in text:
        return {}
    try:
        return {"build-system": parser.loads(match.group(1) if match else text)}
    except ValueError:
        raise Failure(f"pyproject.toml cannot be read: {error}")
