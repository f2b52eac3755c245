#!/usr/bin/env python3
"""Downloads one file of a project from a Python package index, without running any code of the project.

Reads the environment variable VOYAGER_PYPI, JSON with
  pname, version  the project and its version
  format          "sdist", or "wheel" for a wheel of pure Python
  index           address of a simple index, or null for what pip is configured to use
and leaves the file at the path $out. Exits with 67 when it cannot. pip's own settings (environment and
configuration files) count for everything that `index` does not say: mirrors, certificates, proxy, trusted hosts.
"""
import ast
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUNDLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NIX_SSL_CERT_FILE")
SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"
PURE = re.compile(r"-(py3|py2\.py3)-none-any\.whl$")


class Failure(Exception):
    """A problem that is explained in one line, without a traceback."""


def mask(text):
    """The text without what looks like credentials in an address."""
    return re.sub(r"(://)[^/\s'\"<>]*@", r"\1***@", str(text))


def read_request(text):
    """The checked content of VOYAGER_PYPI."""
    try:
        request = json.loads(text)
    except ValueError as error:
        raise Failure(f"VOYAGER_PYPI is not JSON: {error}")
    if not isinstance(request, dict) or set(request) != {"pname", "version", "format", "index"}:
        raise Failure("VOYAGER_PYPI must be an object with pname, version, format and index")
    if not re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", str(request["pname"])):
        raise Failure(f"'{request['pname']}' is not the name of a Python project")
    if not isinstance(request["version"], str) or not request["version"]:
        raise Failure("the version must be a text")
    if request["format"] not in ("sdist", "wheel"):
        raise Failure(f"format must be 'sdist' or 'wheel', not '{request['format']}'")
    if request["index"] is not None and "://" not in str(request["index"]):
        raise Failure(f"index must be an address such as https://example.org/simple, not '{mask(request['index'])}'")
    return request


def ca_bundle(settings):
    """The file of certificates to trust: pip's setting, then the usual variables, then the system's; or None."""
    candidates = [settings.get("cert"), *(os.environ.get(name) for name in BUNDLES), SYSTEM_BUNDLE]
    # Nix hands variables on with paths of the host, which may not exist here.
    return next((path for path in candidates if path and os.path.isfile(path)), None)


def parse_pip_config(text):
    """What `pip config list` prints, as setting -> value; the environment wins over sections, these over [global]."""
    found = {}
    for line in text.splitlines():
        name, _, value = line.partition("=")
        section, _, key = name.strip().rpartition(".")
        if section in ("global", "install", "download", ":env:"):
            try:
                found[section, key] = ast.literal_eval(value)
            except (SyntaxError, ValueError):
                continue
    settings = {}
    for wanted in ("global", "install", "download", ":env:"):
        settings.update({key: value for (section, key), value in found.items() if section == wanted})
    return settings


def pip_settings(index):
    """pip's settings that matter to us; index, where given, replaces the indexes in them."""
    listing = subprocess.run([sys.executable, "-m", "pip", "config", "list"], stdout=subprocess.PIPE, text=True)
    if listing.returncode != 0:
        raise Failure("pip does not work in this environment; it needs the package python3-pip")
    settings = parse_pip_config(listing.stdout)
    if index:
        settings["index-url"] = index
        settings.pop("extra-index-url", None)
    return settings


def install_unearth(settings, folder):
    """Installs the finder into the folder with pip, from the index of the settings, and makes it importable."""
    environment = dict(os.environ)
    # Given by the environment, since the arguments of a process can be read by others.
    environment["PIP_EXTRA_INDEX_URL"] = settings.get("extra-index-url", "")
    if settings.get("index-url"):
        environment["PIP_INDEX_URL"] = settings["index-url"]
    bundle = ca_bundle(settings)
    if bundle:
        environment["PIP_CERT"] = bundle
    # Only when asked to be verbose does pip say why it could not read a page of the index.
    command = [sys.executable, "-m", "pip", "install", "-vv", "--no-deps", "--require-hashes", "--only-binary", ":all:",
               "--no-compile", "--no-cache-dir", "--no-input", "--disable-pip-version-check",
               "--target", folder, "--requirement", os.path.join(HERE, "requirements.txt")]
    result = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        lines = re.findall(r"^\s*(?:ERROR|WARNING|Could not fetch URL).*", result.stdout, re.MULTILINE)
        reasons = "\n".join(dict.fromkeys(lines)) or result.stdout
        print(mask(reasons.strip()), file=sys.stderr)
        raise Failure(f"the tool 'unearth', which finds files on an index, could not be installed{remedy(reasons)}")
    sys.path.insert(0, folder)


def remedy(text):
    """What to do about a failure, judged by its text; begins with a colon."""
    if re.search(r"CERTIFICATE_VERIFY_FAILED|certificate verify failed|SSLCertVerification", text):
        return (": the index's certificate is not trusted; give the system your CA bundle (certificates of mkSystem) "
                "or set PIP_CERT or SSL_CERT_FILE to one")
    if re.search(r"\b(401|403|407)\b", text):
        return ": the index or proxy refuses the credentials; check those in the index address or the proxy"
    if re.search(r"resolve|resolution|[Nn]ame or service|NewConnectionError|ConnectError|refused|unreachable|timed? ?out", text):
        return ": the index cannot be reached; check the network, the proxy and the index address (index, PIP_INDEX_URL)"
    if re.search(r"No matching distribution|Could not find a version", text):
        return ": the index cannot be reached, or does not mirror it from PyPI; check the network and the index address (index, PIP_INDEX_URL)"
    return ""


class PageErrors(logging.Handler):
    """Keeps what unearth only logs: a page that it could not read counts as an empty one there."""

    def __init__(self):
        super().__init__()
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


def make_finder(settings):
    """A PackageFinder that shows every file, whatever Python it is for."""
    import ssl

    from unearth import PackageFinder
    from unearth.auth import MultiDomainBasicAuth
    from unearth.fetchers.sync import PyPIClient

    hosts, extra = (settings.get(key, "").split() for key in ("trusted-host", "extra-index-url"))
    urls = settings.get("index-url", "").split()
    finder = PackageFinder(index_urls=urls, trusted_hosts=hosts, ignore_compatibility=True)
    for url in extra:
        finder.add_index_url(url)
    proxy = settings.get("proxy")
    client = PyPIClient(trusted_hosts=hosts, verify=ssl.create_default_context(cafile=ca_bundle(settings)),
                        timeout=float(settings.get("timeout", 15)), follow_redirects=True, **({"proxy": proxy} if proxy else {}))
    client.auth = MultiDomainBasicAuth(prompting=False, index_urls=[source["url"] for source in finder.sources])
    finder._session = client
    return finder


def with_retries(action):
    """Does it again after a failure of the network: pip does so, the library below unearth does not."""
    import httpx

    for attempt in (1, 2, 3):
        try:
            return action()
        except httpx.TransportError as error:
            text = f"{type(error).__name__}: {error}"
            if attempt == 3 or "certificate" in text.lower():
                raise Failure(f"the index failed ({mask(text)}){remedy(text)}")
            time.sleep(attempt)


def find_files(finder, request):
    """All files of the project; raises Failure where the index has none or cannot be read."""
    errors = PageErrors()
    logging.getLogger("unearth.collector").addHandler(errors)
    packages = with_retries(lambda: list(finder.find_all_packages(request["pname"], allow_yanked=True)))
    if packages:
        return packages
    other = [text for text in errors.messages if "Error(404)" not in text]
    if other:
        raise Failure(f"the index could not be read ({mask(other[0])}){remedy(other[0])}")
    raise Failure(f"the index has no project '{request['pname']}'")


def versions(packages):
    """The versions of the packages, newest first, without duplicates."""
    from packaging.version import InvalidVersion, Version

    def key(text):
        try:
            return (1, Version(text))
        except InvalidVersion:
            return (0, text)

    texts = {package.version for package in packages if package.version}
    old, new = [t for t in texts if key(t)[0] == 0], [t for t in texts if key(t)[0] == 1]
    return sorted(new, key=key, reverse=True) + sorted(old, reverse=True)


def same_version(one, other):
    """Whether the texts are the same version: 1.0 is 1.0.0."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(one) == Version(other)
    except InvalidVersion:
        return one == other


def choose(packages, request):
    """The link of the file that the request means; raises Failure that lists what exists instead."""
    name, version = request["pname"], request["version"]
    links = [package.link for package in packages if package.version and same_version(package.version, version)]
    if not links:
        known = versions(packages)
        more = f" and {len(known) - 30} older" if len(known) > 30 else ""
        raise Failure(f"{name} {version} is not on the index; it has: {', '.join(known[:30])}{more}")
    files = ", ".join(sorted({link.filename for link in links}))
    if request["format"] == "sdist":
        fitting = sorted((link for link in links if not link.is_wheel), key=lambda link: not link.filename.endswith(".tar.gz"))
        if not fitting:
            raise Failure(f"{name} {version} has no sdist on the index; it has: {files}")
    else:
        fitting = [link for link in links if PURE.search(link.filename)]
        if not fitting:
            raise Failure(f"{name} {version} has no wheel of pure Python (py3-none-any) on the index; compiled ones are refused, as "
                          f"they bring their own libraries instead of linking to the system's; it has: {files}")
    if fitting[0].is_yanked:
        print(f"nix-voyager: {fitting[0].filename} was withdrawn by its authors: {fitting[0].yank_reason}", file=sys.stderr)
    return fitting[0]


def download(finder, link, out, work):
    """Puts the link's file at the path out; the hash that the index gives for it is checked."""
    from unearth.errors import HashMismatchError, UnpackError

    try:
        file = with_retries(lambda: finder.download(link, work))
    except HashMismatchError:
        raise Failure(f"{link.filename} does not have the hash that the index gives for it; the download is damaged or was changed")
    except UnpackError as error:
        raise Failure(f"{link.filename} could not be downloaded ({mask(error)}){remedy(str(error))}")
    shutil.copyfile(file, out)


def main():
    request = read_request(os.environ.get("VOYAGER_PYPI", ""))
    out = os.environ.get("out")
    if not out:
        raise Failure("the variable 'out' must name the file to write")
    settings = pip_settings(request["index"])
    with tempfile.TemporaryDirectory() as work:
        install_unearth(settings, os.path.join(work, "unearth"))
        finder = make_finder(settings)
        download(finder, choose(find_files(finder, request), request), out, os.path.join(work, "download"))


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        print(f"nix-voyager: {mask(failure)}", file=sys.stderr)
        sys.exit(67)
