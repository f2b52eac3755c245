"""Asks the usual tools about every ELF file of some outputs, in a container of their environment.

Reads {"packages": {name: [output, ...]}} from standard input and writes what the tools said, word
for word, as JSON. Nothing here knows what nix-voyager reported.
"""
import importlib.resources
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile

UNPACKED = "/tmp/unpacked"
os.environ["LC_ALL"] = "C.UTF-8"


def said(*command, cwd=None):
    done = subprocess.run(command, cwd=cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    # auditwheel, asked to show all, says much more on the side.
    stderr = done.stderr if done.returncode else ""
    return {"status": done.returncode, "stdout": done.stdout, "stderr": stderr}


def regular_files(folder):
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            if os.path.isfile(path) and not os.path.islink(path):
                yield path


def is_elf(path):
    with open(path, "rb") as file:
        return file.read(4) == b"\x7fELF"


def elf_files(output):
    """Yields (name as in a report, path here) of all ELF files, also of those in wheels."""
    for path in regular_files(output):
        name = os.path.relpath(path, output)
        if is_elf(path):
            yield name, path
        if name.endswith(".whl"):
            folder = UNPACKED + path
            zipfile.ZipFile(path).extractall(folder)
            for member in regular_files(folder):
                if is_elf(member):
                    yield name + "!/" + os.path.relpath(member, folder), member


def owner(path):
    """What dpkg says of a file: by its real path or, where /usr was merged, by its old one."""
    answer = said("dpkg", "-S", path)
    alias = path[len("/usr"):] if path.startswith("/usr/") else "/usr" + path
    return answer if answer["status"] == 0 else said("dpkg", "-S", alias)


def shlibdeps(package, paths):
    """Asks in a package's build tree: only there dpkg-shlibdeps follows $ORIGIN."""
    tree = os.path.join("/tmp/tree", package)
    for folder in ("debian", "root/DEBIAN"):
        os.makedirs(os.path.join(tree, folder))
    with open(tree + "/debian/control", "w") as file:
        file.write("Source: x\n\nPackage: x\nArchitecture: any\nDescription: x\n")
    for path in paths:
        copy = tree + "/root" + path
        os.makedirs(os.path.dirname(copy), exist_ok=True)
        shutil.copy(path, copy)
    for link in links_beside(paths):
        os.symlink(os.readlink(link), tree + "/root" + link)
    copies = [tree + "/root" + path for path in paths]
    return said("dpkg-shlibdeps", "-O", "--ignore-missing-info", *copies, cwd=tree)


def links_beside(files):
    """Links that lie beside files: a soname is mostly one."""
    for folder in sorted({os.path.dirname(path) for path in files}):
        for entry in os.scandir(folder):
            if entry.is_symlink():
                yield entry.path


def auditwheel_ignores():
    """Libraries that auditwheel takes for granted, by its laxest policy: it shows the others."""
    policies = importlib.resources.files("auditwheel.policy").joinpath("manylinux-policy.json").read_text()
    laxest = min((one for one in json.loads(policies) if one["name"] != "linux"), key=lambda one: one["priority"])
    return laxest["lib_whitelist"]


answers = {"packages": {}, "real": {}, "owners": {}}
for package, outputs in json.load(sys.stdin)["packages"].items():
    files, wheels = [], {}
    for output in outputs:
        for name, path in elf_files(output):
            ldd = said("ldd", path)
            readelf = said("readelf", "-W", "-h", "-l", "-d", "-V", "-n", path)
            files.append({"output": output, "path": name, "here": path, "readelf": readelf, "ldd": ldd})
            for library in re.findall(r"(/\S+) \(0x", ldd["stdout"]):
                answers["real"][library] = os.path.realpath(library)
        for name in os.listdir(output):
            if name.endswith(".whl"):
                wheel = os.path.join(output, name)
                wheels[name] = said(sys.executable, "-m", "auditwheel", "-v", "show", wheel)
    dependencies = shlibdeps(package, [file["here"] for file in files])
    answers["packages"][package] = {"files": files, "wheels": wheels, "shlibdeps": dependencies}
for real in set(answers["real"].values()):
    if not real.startswith("/nix/"):
        answers["owners"][real] = owner(real)
answers["installed"] = said(
    "dpkg-query", "-W", "-f", r"${Package}\t${Architecture}\t${Version}\t${source:Package}\t${source:Version}\n"
)
answers["auditwheelIgnores"] = auditwheel_ignores()
json.dump(answers, sys.stdout)
