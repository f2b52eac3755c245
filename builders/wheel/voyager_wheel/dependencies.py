"""pythonBuildDependencies: wheels and sdists become an environment that only this build sees."""
import configparser
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import zipfile

from . import artifacts, hooks, processes
from .errors import Failure

# See stage.sh beside this builder.
LEAST_BOUND = 256 << 20
MOST_RATIO = 200
MOST_BOUND = 64 << 30
# The kernel reads no more of a script's first line.
MOST_LINE = 256

SCRIPT = """#!{python}
import sys
from {module} import {first}
sys.exit({call}())
"""


def install(paths, work, private):
    """Installs the wheels, and what becomes of the sdists, of the paths into the new folder `private`.

    A path is a wheel, an sdist, a folder that holds some (the output of a wheel's derivation), or a source tree.
    Of the folder, `site` is for sys.path and `bin` for PATH. Sdists are built below `work`. Raises Failure.
    """
    os.mkdir(private)
    sources = []
    for path in _files(paths):
        if _is_wheel(path):
            install_wheel(path, private)
        else:
            sources.append(path)
    _build_all(sources, work, private)


def install_wheels(paths, private):
    """As install, but of wheels only: Raises Failure for anything else, and for a folder that holds none."""
    os.mkdir(private)
    for path in _files(paths):
        if not _is_wheel(path):
            raise Failure(f"'{path}' is no wheel; only wheels can be installed here: build it with mkDockerWheel")
        install_wheel(path, private)


def _files(paths):
    """The paths, where folders of wheels and sdists are replaced by what they hold."""
    for path in paths:
        if not os.path.exists(path):
            raise Failure(f"python build dependency '{path}' does not exist in the container")
        held = []
        if os.path.isdir(path):
            entries = (os.path.join(path, entry) for entry in sorted(os.listdir(path)))
            held = [entry for entry in entries if os.path.isfile(entry) and (tarfile.is_tarfile(entry) or zipfile.is_zipfile(entry))]
        yield from held or [path]


def _is_wheel(path):
    if os.path.isdir(path) or not zipfile.is_zipfile(path):
        return False
    with artifacts.open_wheel(path) as archive:
        return any(name.endswith(".dist-info/WHEEL") for name in archive.namelist())


def _build_all(sources, work, private):
    """Builds and installs the sources; those that need others of them are tried again after these."""
    pending = list(enumerate(sources))
    while pending:
        failures, later = [], []
        for number, path in pending:
            folder = os.path.join(work, f"dependency-{number}")
            shutil.rmtree(folder, ignore_errors=True)
            try:
                source = _unpack(path, os.path.join(folder, "source"))
                wheel = processes.run(hooks.build, source, os.path.join(folder, "wheel"), {}, private)
            except Failure as failure:
                failures.append(f"python build dependency '{path}' cannot be built:\n{failure}")
                later.append((number, path))
                continue
            install_wheel(wheel, private)
        if len(later) == len(pending):
            raise Failure("\n".join(failures))
        pending = later


def _unpack(path, folder):
    """Unpacks an sdist, or copies a source tree; returns the folder that has its pyproject.toml or setup.py."""
    if os.path.isdir(path):
        shutil.copytree(path, folder, symlinks=True)
        subprocess.run(["chmod", "-R", "u+rwX", folder], check=True)
        return folder
    os.makedirs(folder)
    if zipfile.is_zipfile(path):
        with artifacts.open_wheel(path) as archive:
            _refuse_bomb(archive, path)
            archive.extractall(folder)
    elif tarfile.is_tarfile(path):
        # Python's own tarfile lets names with ".." through in the versions that Debian 11 and 12 have.
        # As stage.sh does: tar is ended when it has read so many records of 10 KiB.
        bounds = [f"--checkpoint={_bound_of(path) // 10240 + 1}", "--checkpoint-action=exec=kill -KILL $PPID"]
        command = ["tar", "--extract", "--force-local", "--no-same-owner", "--no-same-permissions", *bounds, "-C", folder, "-f", path]
        status = subprocess.run(command, env={**os.environ, "TAR_OPTIONS": ""}).returncode
        if status == -signal.SIGKILL:
            raise _bomb(path)
        if status != 0:
            raise Failure(f"'{path}' cannot be unpacked")
    else:
        raise Failure(f"'{path}' is neither a wheel nor an sdist nor a folder")
    entries = os.listdir(folder)
    return os.path.join(folder, entries[0]) if len(entries) == 1 else folder


def _bound_of(path):
    """What an archive may unpack to: as stage.sh has it."""
    return min(max(LEAST_BOUND, MOST_RATIO * os.path.getsize(path)), MOST_BOUND)


def _bomb(path):
    return Failure(f"'{path}' unpacks to more than {_bound_of(path)} bytes, {MOST_RATIO} times its size or more: "
                   "it looks like a bomb")


def _refuse_bomb(archive, path):
    """Python unpacks no more of a member than the archive says that it has."""
    if sum(member.file_size for member in archive.infolist()) > _bound_of(path):
        raise _bomb(path)


def install_wheel(path, private):
    """Installs one wheel; see PEP 427. Nothing is compiled: the environment lives for one build."""
    with artifacts.open_wheel(path) as archive:
        _refuse_bomb(archive, path)
        info = artifacts.dist_info(archive)
        artifacts.check_fits(artifacts.read_tags(archive), os.path.basename(path))
        data = info[: -len(".dist-info")] + ".data/"
        for member in archive.infolist():
            target = _target(member.filename, data)
            if not member.is_dir():
                _extract(archive, member, os.path.join(private, target))
        names = archive.namelist()
        if info + "/entry_points.txt" in names:
            _write_scripts(artifacts.read_text(archive, info + "/entry_points.txt"), private)


def _target(name, data):
    """Where a member goes, relative to the environment."""
    if name.startswith("/") or ".." in name.split("/"):
        raise Failure(f"a wheel has a member '{name}', which would be outside of its folder")
    if not name.startswith(data):
        return "site/" + name
    scheme, _, rest = name[len(data):].partition("/")
    places = {"purelib": "site", "platlib": "site", "scripts": "bin", "headers": "include", "data": "."}
    if scheme not in places:
        raise Failure(f"a wheel has data of an unknown kind: '{name}'")
    return f"{places[scheme]}/{rest}"


def _extract(archive, member, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    script = os.path.basename(os.path.dirname(target)) == "bin"
    with archive.open(member) as source, open(target, "wb") as stream:
        first = source.readline(MOST_LINE) if script else b""
        stream.write(b"#!" + sys.executable.encode() + b"\n" if first.startswith(b"#!python") else first)
        shutil.copyfileobj(source, stream)
    if script or (member.external_attr >> 16) & 0o111:
        os.chmod(target, 0o755)


def _write_scripts(entry_points, private):
    parser = configparser.ConfigParser(delimiters="=", interpolation=None, strict=False)
    parser.optionxform = str
    try:
        parser.read_string(entry_points)
    except configparser.Error as error:
        raise Failure(f"a wheel has an entry_points.txt that cannot be read: {processes.describe(error)}")
    programs = os.path.join(private, "bin")
    for group in ("console_scripts", "gui_scripts"):
        for name, value in parser.items(group) if parser.has_section(group) else ():
            if os.path.basename(name) != name:
                raise Failure(f"a wheel has a script with the name '{name}'")
            module, _, call = value.split("[")[0].strip().partition(":")
            os.makedirs(programs, exist_ok=True)
            target = os.path.join(programs, name)
            with open(target, "w", encoding="utf-8") as stream:
                stream.write(SCRIPT.format(python=sys.executable, module=module.strip(), first=call.split(".")[0].strip(), call=call.strip()))
            os.chmod(target, 0o755)
