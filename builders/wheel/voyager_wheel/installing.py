"""Installs wheels without pip, into a folder of any layout: PEP 427, and PEP 376 for what is recorded of them."""
import base64
import configparser
import csv
import filecmp
import hashlib
import os
import re
import shutil
import sys

from . import artifacts, bounds, processes
from .errors import Failure

# Bytes of a script's first line that every kernel reads; those from 5.1 on read twice as many.
MOST_LINE = 127

# A function of a module, as the specification of entry points has it; "[extra]" behind it means nothing any more.
FUNCTION = re.compile(r"([\w.]+)\s*:\s*([\w.]+)\s*(\[.*\])?")

SCRIPT = """import sys
from {module} import {first}
if __name__ == "__main__":  # a process that is spawned runs this file again
    sys.exit({call}())
"""


class Layout:
    """The folder `top` that wheels are installed into, and where in it their kinds of files go."""

    def __init__(self, top, site="site", programs="bin", headers="include", python=sys.executable, strict=False):
        """python starts the programs. strict: no wheel may have another file where there is one already."""
        self.top, self.site, self.programs, self.python, self._strict = top, site, programs, python, strict
        self.places = {"purelib": site, "platlib": site, "scripts": programs, "headers": headers, "data": "."}
        self._owners = {}

    def add(self, target, wheel, write, executable):
        """Makes the file `target`, a path below the top, of the wheel: write(stream) has its content. Raises Failure."""
        path = os.path.join(self.top, target)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        there = self._strict and os.path.lexists(path)
        place = path + ".voyager-new" if there else path
        with open(place, "wb") as stream:
            write(stream)
        if executable:
            os.chmod(place, 0o755)
        if there:
            same = os.path.isfile(path) and not os.path.islink(path) and filecmp.cmp(path, place, shallow=False)
            os.remove(place)
            if not same:
                raise Failure(f"'{wheel}' has a file '{target}' that is another one in "
                              f"{self._owner(target)}; leave one of them out, or patch it")
        self._owners.setdefault(target, wheel)

    def _owner(self, target):
        return f"'{self._owners[target]}'" if target in self._owners else "the environment itself"


def install(path, layout):
    """Installs one wheel; returns the paths of its files below the layout's top. Nothing is compiled. Raises Failure."""
    wheel = os.path.basename(path)
    with artifacts.open_wheel(path) as archive:
        bounds.refuse_bomb(archive, path)
        info = artifacts.dist_info(archive)
        artifacts.check_fits(artifacts.read_tags(archive), wheel)
        targets = []
        for member in archive.infolist():
            if not member.is_dir():
                target = _target(member.filename, layout)
                _extract(archive, member, target, wheel, layout)
                targets.append(target)
        if info + "/entry_points.txt" in archive.namelist():
            text = artifacts.read_text(archive, info + "/entry_points.txt")
            targets += _write_scripts(text, wheel, layout)
        return targets


def record(layout, targets):
    """Has the RECORD of a wheel that was installed list what is there now, and says who installed it."""
    # A package may carry others in its own folders.
    folders = (os.path.dirname(target) for target in targets if target.endswith(".dist-info/WHEEL"))
    info = next(folder for folder in folders if os.path.dirname(folder) == layout.site)
    installer = os.path.join(info, "INSTALLER")
    with open(os.path.join(layout.top, installer), "w", encoding="utf-8") as stream:
        stream.write("nix-voyager\n")
    own = os.path.join(info, "RECORD")
    rows = [_record_row(layout, target) for target in sorted({*targets, installer} - {own})]
    rows.append([os.path.relpath(own, layout.site), "", ""])
    with open(os.path.join(layout.top, own), "w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


def _record_row(layout, target):
    path = os.path.join(layout.top, target)
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        for piece in iter(lambda: stream.read(1 << 20), b""):
            digest.update(piece)
    text = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
    return [os.path.relpath(target, layout.site), f"sha256={text}", str(os.path.getsize(path))]


def _target(name, layout):
    """Where a member goes, relative to the layout's top."""
    if name.startswith("/") or ".." in name.split("/"):
        raise Failure(f"a wheel has a member '{name}', which would be outside of its folder")
    folder, _, inner = name.partition("/")
    # As pip has it: however the project and its version are spelled in the folder's name.
    if not inner or not folder.endswith(".data"):
        return os.path.normpath(f"{layout.site}/{name}")
    scheme, _, rest = inner.partition("/")
    if scheme not in layout.places or not rest:
        raise Failure(f"a wheel has data of an unknown kind: '{name}'")
    return os.path.normpath(f"{layout.places[scheme]}/{rest}")


def _extract(archive, member, target, wheel, layout):
    script = os.path.dirname(target) == layout.programs

    def write(stream):
        with archive.open(member) as source:
            mark = b"#!python"
            begin = source.read(len(mark)) if script else b""
            if begin == mark:
                # The rest of the line goes, however long.
                while begin and not begin.endswith(b"\n"):
                    begin = source.readline(MOST_LINE)
                begin = _first_line(layout.python).encode()
            stream.write(begin)
            shutil.copyfileobj(source, stream)

    layout.add(target, wheel, write, script or (member.external_attr >> 16) & 0o111)


def _first_line(python):
    """What starts a program with the interpreter at the path; where the kernel would cut that off, a shell has to."""
    line = f"#!{python}\n"
    if len(line.encode()) <= MOST_LINE and " " not in python:
        return line
    # To Python it is a string.
    return f"#!/bin/sh\n'''exec' \"{python}\" \"$0\" \"$@\"\n' '''\n"


def _function(wheel, name, value):
    """(module, function in it) that a program calls."""
    match = FUNCTION.fullmatch(value.strip())
    if not match or not all(part.isidentifier() for part in ".".join(match.groups()[:2]).split(".")):
        raise Failure(f"'{wheel}' declares the program '{name}' as '{' '.join(value.split())}', which is no function of the form "
                      "MODULE:FUNCTION; correct the entry point where the project declares it")
    return match.groups()[:2]


def _write_scripts(entry_points, wheel, layout):
    """Writes the programs that entry_points.txt declares; returns their targets."""
    parser = configparser.ConfigParser(delimiters="=", interpolation=None, strict=False)
    parser.optionxform = str
    try:
        parser.read_string(entry_points)
    except configparser.Error as error:
        raise Failure(f"a wheel has an entry_points.txt that cannot be read: {processes.describe(error)}")
    targets = []
    for group in ("console_scripts", "gui_scripts"):
        for name, value in parser.items(group) if parser.has_section(group) else ():
            if os.path.basename(name) != name:
                raise Failure(f"a wheel has a script with the name '{name}'")
            module, call = _function(wheel, name, value)
            text = _first_line(layout.python) + SCRIPT.format(module=module, first=call.split(".")[0], call=call)
            target = os.path.join(layout.programs, name)
            layout.add(target, wheel, lambda stream, text=text: stream.write(text.encode()), True)
            targets.append(target)
    return targets
