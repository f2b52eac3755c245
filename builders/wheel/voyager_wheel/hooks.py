"""Calls the hooks of a PEP 517 backend. Runs in a child: it changes the whole process."""
import importlib
import os
import sys
import traceback

from . import artifacts, compiling, processes, pyproject, requirements
from .errors import Failure


def build(source, wheel_directory, config_settings, private):
    """Builds the source, a folder; returns the path of the one wheel that it left in wheel_directory.

    private is the folder of installed pythonBuildDependencies; see dependencies.install.
    Raises Failure for a missing requirement, a backend that fails, and a wheel that is not right.
    """
    os.chdir(source)
    _use(private)
    system = pyproject.build_system(source)
    # The check takes as long as importing setuptools does: let them run side by side.
    checking = processes.Child(requirements.check, system["requires"], private)
    backend, problem = _import_backend(system, source)
    checking.result()
    if problem:
        raise Failure(problem)
    # A process of its own, forked with the backend imported.
    dynamic = processes.run(_get_requires, backend, config_settings)
    known = {text.replace(" ", "") for text in system["requires"]}
    more = [text for text in dynamic if text.replace(" ", "") not in known]
    if more:
        processes.run(requirements.check, more, private)
    os.makedirs(wheel_directory, exist_ok=True)
    compiling.side_by_side()
    name = _call(backend, "build_wheel", wheel_directory, config_settings or None, None)
    return artifacts.check(name, wheel_directory)


def _use(private):
    """Puts the private environment before what the system has, for us and for the processes we start."""
    site, programs = os.path.join(private, "site"), os.path.join(private, "bin")
    if os.path.isdir(site):
        sys.path.insert(0, site)
        os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [site, os.environ.get("PYTHONPATH")]))
    if os.path.isdir(programs):
        os.environ["PATH"] = os.pathsep.join([programs, os.environ.get("PATH", os.defpath)])


def _import_backend(system, source):
    """(backend object, None), or (None, why not). The caller checks the requirements before it complains."""
    module_name, _, attributes = system["build-backend"].partition(":")
    folders = [os.path.realpath(os.path.join(source, folder)) for folder in system["backend-path"]]
    sys.path[:0] = folders
    try:
        backend = module = importlib.import_module(module_name)
        for attribute in filter(None, attributes.split(".")):
            backend = getattr(backend, attribute)
    except Exception as error:
        if not isinstance(error, ImportError):
            traceback.print_exc()
        return None, (f"the build backend '{system['build-backend']}' cannot be imported ({processes.describe(error)}); "
                      "add what holds it to systemBuildDependencies or pythonBuildDependencies")
    file = os.path.realpath(getattr(module, "__file__", None) or "/")
    if folders and not any(os.path.commonpath([folder, file]) == folder for folder in folders):
        return None, f"the build backend '{module_name}' was found in {file}, which is not in backend-path"
    return backend, None


def _get_requires(backend, config_settings):
    if not hasattr(backend, "get_requires_for_build_wheel"):
        return []
    return list(_call(backend, "get_requires_for_build_wheel", config_settings or None))


def _call(backend, hook, *arguments):
    if not hasattr(backend, hook):
        raise Failure(f"the build backend has no hook '{hook}'")
    try:
        return getattr(backend, hook)(*arguments)
    except (Exception, SystemExit) as error:
        traceback.print_exc()
        raise Failure(f"the build backend failed in {hook}: {processes.describe(error)}")
