"""Makes a virtual environment of wheels."""
import compileall
import email
import os
import py_compile
import sys
import venv

from voyager_wheel import artifacts, dependencies, installing, requirements
from voyager_wheel.errors import Failure
from voyager_wheel.names import canonical


def make(out, wheels, name):
    """Makes the virtual environment in the folder out, which is there and empty, for the interpreter that runs this.

    wheels are as build.py has them; name is what an activated shell shows. Raises Failure.
    """
    projects = _by_project(wheels)
    venv.EnvBuilder(symlinks=True, with_pip=False, prompt=name).create(out)
    version = "python{}.{}".format(*sys.version_info)
    layout = installing.Layout(out, site=f"lib/{version}/site-packages", headers=f"include/site/{version}",
                               python=f"{out}/bin/python", strict=True)
    for path in projects.values():
        installing.record(layout, installing.install(path, layout))
    site = os.path.join(out, layout.site)
    _refuse_unmet(site)
    # Nothing in the store changes, and nothing there has a time: so bytecode is not compared with its source. What does
    # not compile (a template, an example for another Python) stays as it is, as with pip.
    compileall.compile_dir(site, quiet=2, invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)


def _by_project(wheels):
    """Canonical name of the project -> path of its wheel, sorted. Raises Failure for a second one of a project."""
    found = {}
    for wheel in wheels:
        for path in dependencies.wheels([wheel["path"]]):
            name = canonical(_check(path, wheel["package"]))
            if name in found:
                raise Failure(f"there are two wheels of '{name}', {found[name]} and {path}; leave one of them out")
            found[name] = path
    return dict(sorted(found.items()))


def _check(path, package):
    """The name of the wheel's project. Raises Failure where the wheel is not of the package; of None every one is."""
    with artifacts.open_wheel(path) as archive:
        info = artifacts.dist_info(archive)
        # Some tools leave a hyphen in the name.
        project, _, release = info.removesuffix(".dist-info").rpartition("-")
        if package is None:
            return project
        own = email.message_from_string(artifacts.read_text(archive, f"{info}/METADATA")
                                        if f"{info}/METADATA" in archive.namelist() else "")
    for name, version in ((project, release), (own.get("Name", ""), own.get("Version", ""))):
        if canonical(name) != canonical(package["name"]) or not artifacts.same_version(version, package["version"]):
            raise Failure(f"'{os.path.basename(path)}' is the wheel of {name} {version}, but asked for was {package['name']} "
                          f"{package['version']}: take the name and the hash of the file of that version (`voyager requirements` "
                          "writes them), or correct the version")
    return project


class _Checker(requirements.Checker):
    """Follows what the wheels require when they run."""

    kind = "requirement"

    def missing(self, name):
        return f"add a wheel of {name} to wheels"

    def unfit(self):
        return "give a wheel of a version that fits"


def _refuse_unmet(site):
    """Raises Failure that names each requirement of the wheels in the folder that is not met there."""
    found = requirements.installed([site])
    checker = _Checker(found, site)
    for name in found:
        checker.visit(name, [""], None)
    checker.finish()
