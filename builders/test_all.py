"""Lets `python3 -m unittest discover -s builders -p 'test_*.py'` find the tests of every builder.

The folders are no packages: as such, `wheel` and `build` would hide the projects of these names.
"""
import os

HERE = os.path.dirname(os.path.abspath(__file__))


def load_tests(loader, suite, pattern):
    """unittest's protocol: the suite of this file is what the folders hold."""
    for entry in sorted(os.scandir(HERE), key=lambda entry: entry.name):
        if entry.is_dir() and not entry.name.startswith(("_", ".")):
            suite.addTests(loader.discover(entry.path, pattern=pattern or "test_*.py", top_level_dir=entry.path))
    return suite
