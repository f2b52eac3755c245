"""Are requirements met by what is installed? Nothing is ever fetched."""
import importlib
import os
import sys

from .errors import Failure
from .names import canonical

# Python's own library for requirements, and the copies of it that other packages carry.
PACKAGING = ("packaging", "setuptools.extern.packaging", "pkg_resources.extern.packaging", "pip._vendor.packaging")


def check(requirements, private):
    """Raises Failure that names each build requirement (PEP 508 text) that is missing or has a version that does not fit.

    What lies in the folder `private` (pythonBuildDependencies) is followed to its own requirements, too: there,
    nobody else has seen to it, while the system's packages come with what they need.
    """
    found = installed(sys.path)
    # Most requirements are plain names, and importing packaging takes longer than everything else here.
    pending = [text for text in requirements if not _is_trivial(text, found, private)]
    if not pending:
        return
    checker = Checker(found, private)
    for text in pending:
        checker.visit(text, [""], None)
    checker.finish()


def import_packaging(module):
    """The module `module` ("requirements", "tags") of packaging, from wherever it is."""
    for name in PACKAGING:
        try:
            return importlib.import_module(f"{name}.{module}")
        except ImportError:
            continue
    raise Failure("Python's library 'packaging' is missing; add python3-packaging to systemBuildDependencies")


def installed(folders):
    """Canonical name -> path of the metadata, for what can be imported from the folders; the first one counts."""
    found = {}
    for folder in folders:
        if not os.path.isdir(folder):
            continue
        for entry in sorted(os.listdir(folder)):
            stem, suffix = os.path.splitext(entry)
            # NAME-VERSION, where some tools leave a hyphen in the name; or NAME[-VERSION[-PYTHON]].
            if suffix == ".dist-info":
                found.setdefault(canonical(stem.rpartition("-")[0]), os.path.join(folder, entry))
            elif suffix == ".egg-info":
                found.setdefault(canonical(stem.split("-")[0]), os.path.join(folder, entry))
    return found


def _is_trivial(text, found, private):
    name = canonical(text.strip())
    return name in found and not found[name].startswith(private + os.sep)


class Checker:
    """Follows requirements through what is installed, and collects those that are not met."""

    # What messages call a requirement.
    kind = "build requirement"

    def __init__(self, found, own):
        """found: see installed. own: the folder of what is followed to its own requirements."""
        self._problems = []
        self._installed, self._own, self._seen = found, own, set()
        self._requirements = import_packaging("requirements")

    def missing(self, name):
        """What to do about a project that is not installed."""
        return (f"add the system package that holds it (often python3-{name}) to systemBuildDependencies "
                "or a wheel of it to pythonBuildDependencies")

    def unfit(self):
        """What to do about one of another version."""
        return "add a wheel of a version that fits to pythonBuildDependencies"

    def finish(self):
        """Raises Failure where something was not met."""
        if self._problems:
            raise Failure("\n".join(dict.fromkeys(self._problems)))

    def visit(self, text, extras, parent):
        """Checks one requirement; extras are those of the project that has it, parent its name or None."""
        try:
            requirement = self._requirements.Requirement(text)
        except ValueError as error:
            self._problems.append(f"{self.kind} '{text}'{_of(parent)} cannot be understood: {error}")
            return
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            return
        path = self._installed.get(canonical(requirement.name))
        if path is None:
            self._problems.append(f"{self.kind} '{text}'{_of(parent)} is not installed; {self.missing(canonical(requirement.name))}")
            return
        metadata = _metadata(path)
        if not self._fits(requirement, metadata.version):
            self._problems.append(f"{self.kind} '{text}'{_of(parent)} is not met: {requirement.name} {metadata.version} is installed "
                                  f"({os.path.dirname(path)}); {self.unfit()}")
        self._follow(requirement, path, metadata)

    def _fits(self, requirement, version):
        try:
            return requirement.specifier.contains(version, prereleases=True)
        except ValueError:
            # Distributions do ship versions that PEP 440 cannot compare; they are what the user chose.
            return True

    def _follow(self, requirement, path, metadata):
        key = (path, tuple(sorted(requirement.extras)))
        if key in self._seen:
            return
        self._seen.add(key)
        own = path.startswith(self._own + os.sep)
        if not own and not requirement.extras:
            return
        for text in metadata.requires or []:
            if own or "extra" in text:
                extras = [*requirement.extras, *([""] if own else [])]
                self.visit(text, extras, requirement.name)


def _metadata(path):
    import importlib.metadata
    import pathlib

    return importlib.metadata.PathDistribution(pathlib.Path(path))


def _of(parent):
    return f" (of {parent})" if parent else ""
