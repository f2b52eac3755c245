"""Wheels: are they what they say, and do they fit this interpreter?"""
import collections
import contextlib
import errno
import os
import re
import shutil
import sys
import sysconfig
import zipfile
import zlib

from . import processes
from .errors import Failure
from .names import canonical

# Files about a wheel have some kilobytes.
MOST_TEXT = 1 << 20


def check(name, folder):
    """Checks what build_wheel left in the folder and that `name`, its answer, is that; returns the wheel's path."""
    wheels = _wheels(folder)
    if len(wheels) != 1:
        raise Failure(f"expected one wheel, but the build backend made {_list(wheels)}")
    if name != wheels[0]:
        raise Failure(f"the build backend says that it made '{name}', but it made '{wheels[0]}'")
    path = os.path.join(folder, name)
    match = re.fullmatch(r"([^-]+)-([^-]+)(?:-\d[^-]*)?-([^-]+)-([^-]+)-([^-]+)\.whl", name)
    if not match:
        raise Failure(f"'{name}' is not the file name of a wheel")
    project, version, *parts = match.groups()
    if project.lower() == "unknown":
        raise Failure(f"the build backend made '{name}': it found no name in the source. Is the installed version of the "
                      "backend too old for its pyproject.toml (setuptools before 61 cannot read [project])?")
    with open_wheel(path) as archive:
        tags = read_tags(archive)
    named = _expand(*parts)
    if named != set(tags):
        raise Failure(f"the file name of '{name}' says {_list(named)}, but its WHEEL file {_list(tags)}")
    check_fits(tags, name)
    return path


def check_package(wheel, package):
    """Raises Failure when the wheel is not of the package {"name", "version"}; of None every one is."""
    if package is None:
        return
    project, version = os.path.basename(wheel).split("-")[:2]
    if canonical(project) != canonical(package["name"]):
        raise Failure(f"the wheel is of '{project}', but pname says '{package['name']}': write pname = \"{project}\"")
    if not same_version(version, package["version"]):
        raise Failure(f"the wheel is of {project} {version}, but version says '{package['version']}': "
                      f"write version = \"{version}\"")


def same_version(one, other):
    """Whether a version in a file's name and another are the same by PEP 440, which has several ways to write one."""
    if one == other:
        return True
    from .requirements import import_packaging

    module = import_packaging("version")
    try:
        # A file's name has an underscore where a version has a hyphen.
        return module.Version(one.replace("_", "-")) == module.Version(other)
    except module.InvalidVersion:
        return False


def deliver(wheel, out):
    """Copies the wheel to the top of the folder out; nothing else that is a wheel may be there."""
    shutil.copyfile(wheel, os.path.join(out, os.path.basename(wheel)))
    wheels = _wheels(out)
    if len(wheels) != 1:
        raise Failure(f"expected one wheel in $out, but there are {_list(wheels)}")


@contextlib.contextmanager
def open_wheel(path):
    """The wheel as a ZipFile. Raises Failure for one that cannot be read, or that two readers would read differently."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            twice = next((name for name, count in collections.Counter(names).items() if count > 1), None)
            if twice is not None:
                raise Failure(f"'{os.path.basename(path)}' has two members '{twice}'")
            yield archive
    # What zipfile raises for members: RuntimeError for encrypted ones, NotImplementedError for other methods.
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ENOSPC:
            raise
        raise Failure(f"the wheel '{os.path.basename(path)}' cannot be read: {processes.describe(error)}")


def read_text(archive, name):
    """The text of a member, which must be small."""
    if archive.getinfo(name).file_size > MOST_TEXT:
        raise Failure(f"the wheel '{os.path.basename(archive.filename)}' has a file {name} of more than {MOST_TEXT} bytes")
    return archive.read(name).decode()


def dist_info(archive):
    """The name of the wheel's .dist-info folder."""
    found = [name.split("/")[0] for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/WHEEL", name)]
    if len(found) != 1:
        raise Failure(f"'{os.path.basename(archive.filename)}' is not a wheel: it has {len(found)} files *.dist-info/WHEEL")
    return found[0]


def read_tags(archive):
    """The tags ("py3-none-any") in the WHEEL file of an open wheel."""
    text = read_text(archive, dist_info(archive) + "/WHEEL")
    tags = [line.split(":", 1)[1].strip() for line in text.splitlines() if line.startswith("Tag:")]
    wrong = next((tag for tag in tags if tag.count("-") != 2), None)
    if wrong is not None:
        raise Failure(f"the wheel '{os.path.basename(archive.filename)}' has '{wrong}' for a tag")
    return tags


def check_fits(tags, name):
    """Raises Failure when none of the tags is one that this interpreter takes."""
    if any(_usual(tag) for tag in tags):
        return
    if all(_foreign(tag) for tag in tags) or not processes.run(_is_supported, sorted(tags)):
        raise Failure(f"'{name}' does not fit this Python ({sys.implementation.cache_tag}, {sysconfig.get_platform()}): "
                      f"its tags are {_list(tags)}")


def _usual(tag):
    """Whether it is one of the few tags that nearly every wheel has; sparing us to import packaging."""
    python, abi, platform = tag.split("-")
    here = "cp{}{}".format(*sys.version_info)
    # PEP 425: the stable interface of an older version is one of every newer version.
    stable = abi == "abi3" and re.fullmatch("cp3[0-9]+", python) and int(python[3:]) <= sys.version_info[1]
    return (
        (stable or python in ("py3", here))
        and (stable or abi in ("none", here))
        and platform in ("any", re.sub("[-.]", "_", sysconfig.get_platform()))
    )


def _foreign(tag):
    """Whether it is one of another CPython, which needs no asking either: a target may have no packaging."""
    python, abi, _ = tag.split("-")
    return re.fullmatch("cp[0-9]+", python) and abi == python and python != "cp{}{}".format(*sys.version_info)


def _is_supported(tags):
    from .requirements import import_packaging

    return not {str(tag) for tag in import_packaging("tags").sys_tags()}.isdisjoint(tags)


def _expand(pythons, abis, platforms):
    return {f"{python}-{abi}-{platform}" for python in pythons.split(".") for abi in abis.split(".")
            for platform in platforms.split(".")}


def _wheels(folder):
    return sorted(entry for entry in os.listdir(folder) if entry.endswith(".whl"))


def _list(names):
    return ", ".join(sorted(names)) or "none"
