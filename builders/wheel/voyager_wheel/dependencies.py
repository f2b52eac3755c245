"""pythonBuildDependencies: wheels and sdists become an environment that only this build sees."""
import os
import shutil
import signal
import subprocess
import tarfile
import zipfile

from . import artifacts, bounds, hooks, installing, processes
from .errors import Failure


def install(paths, work, private):
    """Installs the wheels, and what becomes of the sdists, of the paths into the new folder `private`.

    A path is a wheel, an sdist, a folder that holds some (the output of a wheel's derivation), or a source tree.
    Of the folder, `site` is for sys.path and `bin` for PATH. Sdists are built below `work`. Raises Failure.
    """
    os.mkdir(private)
    layout = installing.Layout(private)
    sources = []
    for path in _files(paths):
        if _is_wheel(path):
            installing.install(path, layout)
        else:
            sources.append(path)
    _build_all(sources, work, private, layout)


def wheels(paths):
    """The wheels of the paths, each a wheel or a folder that holds some. Raises Failure for anything else."""
    for path in _files(paths):
        if not _is_wheel(path):
            raise Failure(f"'{path}' is no wheel; only wheels can be installed here: build it with mkDockerWheel")
        yield path


def install_wheels(paths, private):
    """As install, but of wheels only. Raises Failure for anything else, and for a folder that holds none."""
    os.mkdir(private)
    layout = installing.Layout(private)
    for path in wheels(paths):
        installing.install(path, layout)


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


def _build_all(sources, work, private, layout):
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
            installing.install(wheel, layout)
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
            bounds.refuse_bomb(archive, path)
            archive.extractall(folder)
    elif tarfile.is_tarfile(path):
        # Python's own tarfile lets names with ".." through in the versions that Debian 11 and 12 have.
        # As stage.sh does: tar is ended when it has read so many records of 10 KiB.
        limit = [f"--checkpoint={bounds.bound_of(path) // 10240 + 1}", "--checkpoint-action=exec=kill -KILL $PPID"]
        command = ["tar", "--extract", "--force-local", "--no-same-owner", "--no-same-permissions", *limit, "-C", folder, "-f", path]
        status = subprocess.run(command, env={**os.environ, "TAR_OPTIONS": ""}).returncode
        if status == -signal.SIGKILL:
            raise bounds.bomb(path)
        if status != 0:
            raise Failure(f"'{path}' cannot be unpacked")
    else:
        raise Failure(f"'{path}' is neither a wheel nor an sdist nor a folder")
    entries = os.listdir(folder)
    return os.path.join(folder, entries[0]) if len(entries) == 1 else folder
