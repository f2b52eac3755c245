"""The files of a version on an index: which one is meant."""
import re

from .errors import Failure

PURE = re.compile(r"-(py3|py2\.py3)-none-any\.whl$")
SDIST = re.compile(r"\.(tar\.gz|tgz|zip|tar\.bz2|tar\.xz)$")


def sha256_of(link):
    """The SHA-256 that the index gives for a file, 64 digits, or None."""
    hashes = getattr(link, "hashes", None) or {}
    found = hashes.get("sha256") or (link.hash if link.hash_name == "sha256" else None)
    return found[0] if isinstance(found, list) else found


def choose(links, request):
    """The link that a request (see fetch.py) means, of a version's; raises Failure that lists what exists instead."""
    what, there = f"{request['pname']} {request['version']}", _names(links)
    if request["file"] is not None:
        fitting = [link for link in links if link.filename == request["file"]]
        if not fitting:
            raise Failure(f"{what} has no file '{request['file']}' on the index; it has: {there}")
    elif request["format"] == "sdist":
        fitting = _sdists(links)
        if not fitting:
            raise Failure(f"{what} has no sdist on the index; it has: {there}")
    else:
        fitting = _pure_wheels(links)
        if not fitting:
            raise Failure(f"{what} has no wheel of pure Python (py3-none-any) on the index; compiled ones are refused, as "
                          f"they bring their own libraries instead of linking to the system's; it has: {there}")
    _refuse_hash_of_another(fitting[0], links, request)
    return fitting[0]


def choose_of_hashes(what, links, hashes):
    """The link to take of those that have one of the hashes: a wheel where the project has nothing to compile, else the sdist.

    what names the version in messages. Raises Failure.
    """
    known = [link for link in links if sha256_of(link) in hashes]
    if not known:
        raise Failure(f"no file of {what} on the index has one of its hashes; it has: {_names(links)}")
    wheels, sources = _pure_wheels(known), _sdists(known)
    # A project with a compiled wheel has code to compile, also where it has a pure one for those who have no compiler.
    compiles = any(link.is_wheel and not PURE.search(link.filename) for link in links)
    fitting = sources + wheels if compiles else wheels + sources
    if not fitting:
        raise Failure(f"the hashes of {what} are those of compiled wheels only, which bring their own libraries instead of linking "
                      f"to the system's: {_names(known)}; the index has: {_names(links)}")
    return fitting[0]


def _names(links):
    return ", ".join(sorted({link.filename for link in links}))


def _sdists(links):
    found = (link for link in links if SDIST.search(link.filename))
    # The usual kind of archive first.
    return sorted(found, key=lambda link: not link.filename.endswith(".tar.gz"))


def _pure_wheels(links):
    return [link for link in links if PURE.search(link.filename)]


def _refuse_hash_of_another(link, links, request):
    """Raises Failure where the hash is the one of another file of the version: Nix would only show two hashes."""
    wanted = request["hash"]
    if sha256_of(link) == wanted:
        return
    meant = next((other.filename for other in links if sha256_of(other) == wanted), None)
    if meant is not None:
        raise Failure(f"the hash given for {request['pname']} {request['version']} is that of {meant}, not of {link.filename}; "
                      "take the hash of the file that you want, or name the file of the hash (fetchPypi: file; a requirements "
                      "file: as a comment behind the hash, which `voyager requirements` writes)")
