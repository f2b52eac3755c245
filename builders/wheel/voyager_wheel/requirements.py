"""Are the build requirements of a source installed? Nothing is ever fetched."""
import importlib
import os
import sys

from .errors import Failure
from .names import canonical

# Python's own library for requirements, and the copies of it that other packages carry.
PACKAGING = ("packaging", "setuptools.extern.packaging", "pkg_resources.extern.packaging", "pip._vendor.packaging")


def check(requirements, private):
    """Raises Failure that names each requirement (PEP 508 texts) that is missing or has a version that does not fit.

    What lies in the folder `private` (pythonBuildDependencies) is followed to its own requirements, too: there,
    nobody else has seen to it, while the system's packages come with what they need.
    """
    installed = _installed()
    # Most requirements are plain names, and importing packaging takes longer than everything else here.
    pending = [text for text in requirements if not _is_trivial(text, installed, private)]
    if not pending:
        return
    checker = _Checker(installed, private)
    for text in pending:
        checker.visit(text, [""], None)
    if checker.problems:
        raise Failure("\n".join(dict.fromkeys(checker.problems)))


def import_packaging(module):
    """The module `module` ("requirements", "tags") of packaging, from wherever it is."""
    for name in PACKAGING:
        try:
            return importlib.import_module(f"{name}.{module}")
        except ImportError:
            continue
    raise Failure("Python's library 'packaging' is missing; add python3-packaging to systemBuildDependencies")


def _installed():
    """Canonical name -> path of the metadata, for what can be imported; the first one on sys.path counts."""
    found = {}
    for folder in sys.path:
        if not os.path.isdir(folder):
            continue
        for entry in sorted(os.listdir(folder)):
            stem, suffix = os.path.splitext(entry)
            if suffix in (".dist-info", ".egg-info"):
                found.setdefault(canonical(stem.split("-")[0]), os.path.join(folder, entry))
    return found


def _is_trivial(text, installed, private):
    name = canonical(text.strip())
    return name in installed and not installed[name].startswith(private + os.sep)


class _Checker:
    def __init__(self, installed, private):
        self.problems = []
        self._installed, self._private, self._seen = installed, private, set()
        self._requirements = import_packaging("requirements")

    def visit(self, text, extras, parent):
        """Checks one requirement; extras are those of the project that has it, parent its name or None."""
        try:
            requirement = self._requirements.Requirement(text)
        except ValueError as error:
            self.problems.append(f"build requirement '{text}'{_of(parent)} cannot be understood: {error}")
            return
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in extras):
            return
        path = self._installed.get(canonical(requirement.name))
        if path is None:
            self.problems.append(
                f"build requirement '{text}'{_of(parent)} is not installed; add the system package that holds it "
                f"(often python3-{canonical(requirement.name)}) to systemBuildDependencies or a wheel of it to pythonBuildDependencies")
            return
        metadata = _metadata(path)
        if not self._fits(requirement, metadata.version):
            self.problems.append(
                f"build requirement '{text}'{_of(parent)} is not met: {requirement.name} {metadata.version} is installed "
                f"({os.path.dirname(path)}); add a wheel of a version that fits to pythonBuildDependencies")
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
        own = path.startswith(self._private + os.sep)
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
