"""Has setuptools compile an extension's sources side by side; by itself it waits for one before it starts the next."""
import concurrent.futures
import copy
import importlib
import os
import sys


def side_by_side():
    """Lets each compiler of distutils run NIX_BUILD_CORES jobs. Does nothing where setuptools is not what builds.

    What is made stays the same: each object is of one source, and they are linked in the order of the sources.
    """
    cores = os.environ.get("NIX_BUILD_CORES", "")
    if not cores.isdigit() or int(cores) < 2 or "setuptools" not in sys.modules:
        return
    try:
        # setuptools decides under this name whether it is its own or the interpreter's.
        compiler = importlib.import_module("distutils.ccompiler").CCompiler
        spawn = importlib.import_module("distutils.spawn")
    except (ImportError, AttributeError):
        return
    # The one of older interpreters forks by itself, which no thread may do.
    if not hasattr(spawn, "_spawn_posix"):
        compiler.compile = _with_jobs(compiler.compile, int(cores))


def _with_jobs(original, jobs):
    def compile(self, *arguments, **keywords):
        if not _compiles_as_distutils_does(self):
            return original(self, *arguments, **keywords)
        # A copy: other threads may compile another extension with this one (build_ext --parallel).
        lister = copy.copy(self)
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            started = []
            # distutils itself lists the sources, with their flags, and calls this for each.
            lister._compile = lambda *source: started.append(pool.submit(type(self)._compile, self, *source))
            try:
                objects = original(lister, *arguments, **keywords)
                for one in started:
                    one.result()
            finally:
                for one in started:
                    one.cancel()
        return objects

    return compile


def _compiles_as_distutils_does(compiler):
    """A package that replaces these changes flags from one source to the next, so it must have them in turn."""
    own = [getattr(compiler, name) for name in ("_compile", "spawn")]
    return all(getattr(method, "__module__", "").split(".")[0] in ("distutils", "setuptools") for method in own)
