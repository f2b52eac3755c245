"""pip's settings: environment and configuration files."""
import ast
import os
import subprocess
import sys

from .errors import Failure

BUNDLES = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "NIX_SSL_CERT_FILE")
SYSTEM_BUNDLE = "/etc/ssl/certs/ca-certificates.crt"


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
        # pip, too, takes no notice of one that is empty.
        settings.update({key: value for (section, key), value in found.items() if section == wanted and value})
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
