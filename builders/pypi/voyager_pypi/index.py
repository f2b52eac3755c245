"""A package index, asked with the tool `unearth`, which runs no code of a project."""
import contextlib
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

from .errors import Failure, mask, remedy
from .settings import ca_bundle, pip_settings

# What it is pinned by.
PINNED = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "requirements.txt")


@contextlib.contextmanager
def open_index(address):
    """The Index at the address; None: the one that pip is configured to use. Raises Failure."""
    settings = pip_settings(address)
    with tempfile.TemporaryDirectory() as work:
        _install_unearth(settings, os.path.join(work, "unearth"))
        yield Index(settings, os.path.join(work, "download"))


def _install_unearth(settings, folder):
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
               "--target", folder, "--requirement", PINNED]
    result = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, text=True)
    if result.returncode != 0:
        lines = re.findall(r"^\s*(?:ERROR|WARNING|Could not fetch URL).*", result.stdout, re.MULTILINE)
        reasons = ("\n".join(dict.fromkeys(lines)) or result.stdout).strip()
        raise Failure(f"the tool 'unearth', which finds files on an index, could not be installed{remedy(reasons)}\n"
                      f"{mask(reasons)}")
    sys.path.insert(0, folder)


class _PageErrors(logging.Handler):
    """Keeps what unearth only logs: a page that it could not read counts as an empty one there."""

    def __init__(self):
        super().__init__()
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


class Index:
    """Finds and downloads files; one whole project at a time."""

    def __init__(self, settings, work):
        self._finder, self._work = _make_finder(settings), work
        self._errors = _PageErrors()
        logging.getLogger("unearth.collector").addHandler(self._errors)

    def links(self, name, version):
        """The files of a version of a project. Raises Failure, which lists the versions that exist instead."""
        packages = self._packages(name)
        links = [package.link for package in packages if package.version and same_version(package.version, version)]
        if not links:
            known = _versions(packages)
            more = f" and {len(known) - 30} older" if len(known) > 30 else ""
            raise Failure(f"{name} {version} is not on the index; it has: {', '.join(known[:30])}{more}")
        return links

    def _packages(self, name):
        """All files of the project; raises Failure where the index has none or cannot be read."""
        self._errors.messages.clear()
        packages = _with_retries(lambda: list(self._finder.find_all_packages(name, allow_yanked=True)))
        if packages:
            return packages
        other = [text for text in self._errors.messages if "Error(404)" not in text]
        if other:
            raise Failure(f"the index could not be read ({mask(other[0])}){remedy(other[0])}")
        raise Failure(f"the index has no project '{name}'")

    def download(self, link, out):
        """Puts the link's file at the path out; the hash that the index gives for it is checked."""
        from unearth.errors import HashMismatchError, UnpackError

        try:
            file = _with_retries(lambda: self._finder.download(link, self._work))
        except HashMismatchError:
            raise Failure(f"{link.filename} does not have the hash that the index gives for it; the download is damaged or was changed")
        except UnpackError as error:
            raise Failure(f"{link.filename} could not be downloaded ({mask(error)}){remedy(str(error))}")
        shutil.copyfile(file, out)


def _make_finder(settings):
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
                        timeout=float(settings.get("timeout") or settings.get("default-timeout") or 15), follow_redirects=True, **({"proxy": proxy} if proxy else {}))
    client.auth = MultiDomainBasicAuth(prompting=False, index_urls=[source["url"] for source in finder.sources])
    finder._session = client
    return finder


def _with_retries(action):
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


def _versions(packages):
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
