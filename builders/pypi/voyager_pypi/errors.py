"""The one kind of error that people see without a traceback, and what its texts say."""
import re
import sys


class Failure(Exception):
    """A problem that is explained, one line each, without a traceback."""


def mask(text):
    """The text without what looks like credentials in an address."""
    return re.sub(r"(://)[^/\s'\"<>]*@", r"\1***@", str(text))


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


def run(main):
    """Runs main(); ends with 67 and the explanation when it fails."""
    try:
        main()
    except Failure as failure:
        print("\n".join(f"nix-voyager: {line}" for line in mask(failure).splitlines()), file=sys.stderr)
        sys.exit(67)
