"""Requirements files as pip reads them, as far as fetchRequirements takes them."""
import re

from .errors import Failure
from .files import choose_of_hashes, sha256_of

COMMENT = re.compile(r"(^|\s+)#.*$")
# They say which files pip may take; here the hashes do.
HARMLESS = ("--require-hashes", "--no-binary", "--only-binary", "--prefer-binary", "--pre")


def pin(text, index):
    """The file's text with one hash for each requirement, that of the file to take, whose name is a comment behind it.

    Requirements whose markers exclude this interpreter and system become comments. Raises Failure, one line a problem.
    """
    lines, problems, seen = [], [], {}
    for number, physical in _logical_lines(text):
        body = COMMENT.sub("", "".join(line.strip("\\") for line in physical)).strip()
        try:
            lines += _pin_line(body, index, seen) if body and re.split(r"[=\s]", body)[0] not in HARMLESS else physical
        except Failure as failure:
            problems.append(f"line {number}: {failure}")
    if problems:
        raise Failure("\n".join(problems))
    return "".join(line + "\n" for line in lines)


def _logical_lines(text):
    """(number of the first line, lines) for each logical line: a backslash joins lines, a line of comment ends that."""
    pending, start = [], 1
    for number, line in enumerate(text.splitlines(), 1):
        comment = line.lstrip().startswith("#")
        if pending and comment:
            yield start, pending
            pending = []
        if not pending:
            start = number
        pending.append(line)
        if comment or not line.endswith("\\"):
            yield start, pending
            pending = []
    if pending:
        yield start, pending


def _pin_line(body, index, seen):
    from packaging.requirements import InvalidRequirement, Requirement
    from packaging.utils import canonicalize_name

    text, options = _split_options(body)
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        raise Failure(f"'{text}' is no requirement of the form NAME==VERSION; a path, an address or an option of pip cannot be fetched here")
    name = requirement.name
    if requirement.url:
        raise Failure(f"'{name}' is taken from an address; only files of a package index can be fetched: pin a version of it")
    if requirement.marker and not requirement.marker.evaluate({"extra": ""}):
        return [f"# {text}: not for this Python and system"]
    version = _exact_version(requirement)
    hashes = _hashes(name, options)
    known, digest = seen.setdefault(canonicalize_name(name), (version, None))
    if known != version:
        raise Failure(f"'{name}' is required as {known} and as {version}")
    link = choose_of_hashes(f"{name} {version}", index.links(name, version), hashes)
    if digest not in (None, sha256_of(link)):
        raise Failure(f"'{name}' is required with two hashes; leave one of them out")
    seen[canonicalize_name(name)] = version, sha256_of(link)
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return [f"{name}{extras}=={version} \\", f"    --hash=sha256:{sha256_of(link)}  # {link.filename}"]


def _split_options(body):
    """(requirement, words of its options) of a logical line."""
    if body.startswith("-"):
        option = body.split("=")[0].split()[0]
        raise Failure(f"the option '{option}' is none for a requirements file here; write all requirements into one file "
                      "(pip-compile does), and give the index by --index")
    text, *options = re.split(r"\s+(?=--)", body)
    return text.strip(), options


def _exact_version(requirement):
    specifiers = list(requirement.specifier)
    if len(specifiers) != 1 or specifiers[0].operator != "==" or specifiers[0].version.endswith("*"):
        raise Failure(f"'{requirement.name}' is not pinned to one version: write {requirement.name}==VERSION (pip-compile does)")
    return specifiers[0].version


def _hashes(name, options):
    """The SHA-256 digests among the options."""
    found = []
    for option in options:
        match = re.fullmatch(r"--hash[=\s]\s*(\w+):([0-9a-fA-F]+)", option.strip())
        if not match:
            raise Failure(f"'{name}' has the option '{option.strip()}'; only --hash can be taken")
        if match.group(1) != "sha256":
            raise Failure(f"'{name}' has a hash of the kind {match.group(1)}; only sha256 can be taken")
        if len(match.group(2)) != 64:
            raise Failure(f"'{name}' has the hash '{match.group(2)}', which is none: a SHA-256 has 64 digits")
        found.append(match.group(2).lower())
    if not found:
        raise Failure(f"'{name}' has no hash: write --hash=sha256:… behind it (pip-compile --generate-hashes does)")
    return found
