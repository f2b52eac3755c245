"""Runs build.py on small sources; most have their backend in the tree, so that only `packaging` must be installed."""
import gzip
import hashlib
import importlib.metadata
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import textwrap
import unittest
import zipfile

BUILD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "build.py")
HERE = "cp{}{}".format(*sys.version_info)

# A backend that makes the wheel of its configuration; the source tree adds what it does beyond.
BACKEND = """
import os, sys, zipfile
NAME, TAGS = "demo-1.0-py3-none-any.whl", ["py3-none-any"]
def build_wheel(folder, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(os.path.join(folder, NAME), "w") as archive:
        archive.writestr(zipfile.ZipInfo("demo.py"), os.environ.get("CONTENT", "") + repr(config_settings))
        archive.writestr(zipfile.ZipInfo("demo-1.0.dist-info/WHEEL"), "".join(f"Tag: {tag}\\n" for tag in TAGS))
    return NAME
"""
IN_TREE = '[build-system]\nrequires = [%s]\nbuild-backend = "backend"\nbackend-path = ["."]\n'


def wheel(name, version="1.0", files=None, requires=(), tag="py3-none-any"):
    """(file name, bytes) of a wheel of the project `name`."""
    stream = io.BytesIO()
    info = f"{name}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + "".join(f"Requires-Dist: {r}\n" for r in requires)
    with zipfile.ZipFile(stream, "w") as archive:
        for path, content in {f"{info}/WHEEL": f"Tag: {tag}\n", f"{info}/METADATA": metadata, **(files or {})}.items():
            archive.writestr(path, content)
    return f"{name}-{version}-{tag}.whl", stream.getvalue()


def has(project):
    return any(importlib.metadata.distributions(name=project))


class BuildTest(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.top)
        for folder in ("source", "links"):
            os.mkdir(os.path.join(self.top, folder))

    def source(self, **files):
        """Writes the files of the source: backend="…" is backend.py, others by their names with a dot for two underscores."""
        for name, content in files.items():
            file = "backend.py" if name == "backend" else name.replace("__", ".")
            with open(os.path.join(self.top, "source", file), "w") as stream:
                stream.write(textwrap.dedent(content))

    def link(self, name, content):
        # The file names that Nix gives to files in its store.
        path = os.path.join(self.top, "links", "0" * 32 + "-" + name)
        with open(path, "wb") as stream:
            stream.write(content)
        return path

    def build(self, links=(), settings=None, package=None, **env):
        for folder in ("out", "tmp"):
            shutil.rmtree(os.path.join(self.top, folder), ignore_errors=True)
            os.mkdir(os.path.join(self.top, folder))
        variables = {"PATH": os.environ["PATH"], "HOME": self.top, "TMPDIR": os.path.join(self.top, "tmp"),
                     "out": os.path.join(self.top, "out"),
                     "VOYAGER_WHEEL": json.dumps({"configSettings": settings or {}, "findLinks": list(links), "package": package})}
        return subprocess.run([sys.executable, BUILD], cwd=os.path.join(self.top, "source"), env={**variables, **env},
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def made(self):
        return sorted(os.listdir(os.path.join(self.top, "out")))

    def content(self):
        with zipfile.ZipFile(os.path.join(self.top, "out", self.made()[0])) as archive:
            return archive.read("demo.py").decode()

    def assert_made(self, result, names):
        self.assertEqual((result.returncode, self.made()), (0, names), result.stderr)

    def assert_refused(self, result, *messages):
        self.assertEqual(result.returncode, 66, result.stderr)
        for message in messages:
            self.assertIn("nix-voyager: " + message, result.stderr)
        self.assertEqual(self.made(), [])

    def in_tree(self, requires="", more=""):
        self.source(pyproject__toml=IN_TREE % requires, backend=BACKEND + textwrap.dedent(more))

    # Backends

    def test_backend_in_the_tree_with_settings(self):
        self.in_tree()
        settings = {"--global-option": ["a", "b"], "x": "y"}
        self.assert_made(self.build(settings=settings), ["demo-1.0-py3-none-any.whl"])
        self.assertEqual(self.content(), repr(settings))
        self.assertFalse([name for _, folders, _ in os.walk(os.path.join(self.top, "source")) for name in folders])

    def test_wheel_of_another_package_than_declared(self):
        self.in_tree()
        for name, version in ("demo", "1.0"), ("Demo", "1.0"), ("demo", "1.0.0"), ("demo", "1"):
            self.assert_made(self.build(package={"name": name, "version": version}), ["demo-1.0-py3-none-any.whl"])
        self.assert_refused(self.build(package={"name": "demo", "version": "1.1"}),
                            "the wheel is of demo 1.0, but version says '1.1': write version = \"1.0\"")
        self.assert_refused(self.build(package={"name": "demo", "version": "newest"}), "the wheel is of demo 1.0")
        self.assert_refused(self.build(package={"name": "other", "version": "1.0"}),
                            "the wheel is of 'demo', but pname says 'other': write pname = \"demo\"")

    def test_environment_is_fixed_and_clean(self):
        self.in_tree(more="""
            import json
            os.environ["CONTENT"] = json.dumps([os.environ["PYTHONHASHSEED"], os.environ["SOURCE_DATE_EPOCH"], hash("a"),
                "packaging" in sys.modules, [p for p in sys.path if os.path.exists(p + "/voyager_wheel")]])
            """)
        contents = set()
        for _ in range(2):
            self.assert_made(self.build(SOURCE_DATE_EPOCH="1"), ["demo-1.0-py3-none-any.whl"])
            contents.add(self.content())
        self.assertEqual(len(contents), 1)
        self.assertEqual([value for index, value in enumerate(json.loads(contents.pop()[:-4])) if index != 2],
                         ["0", "315532800", False, []])

    def test_each_hook_has_its_own_process(self):
        self.in_tree(more="""
            def get_requires_for_build_wheel(settings=None):
                os.environ["CONTENT"] = "leaked"
                os.chdir("/")
                return []
            """)
        self.assert_made(self.build(), ["demo-1.0-py3-none-any.whl"])
        self.assertEqual(self.content(), "None")

    def test_backend_that_fails(self):
        for code, message in (("raise KeyError('why')", "the build backend failed in build_wheel: KeyError: 'why'"),
                              ("sys.exit(3)", "the build backend failed in build_wheel: SystemExit: 3"),
                              ("os._exit(0)", "the build backend ended the process itself"),
                              ("os.kill(os.getpid(), 9)", "the build was killed by signal SIGKILL")):
            with self.subTest(code):
                self.in_tree(more=f"def build_wheel(*_):\n    {code}\n")
                self.assert_refused(self.build(), message)
        self.in_tree(more="def build_wheel(*_):\n    raise KeyError('why')\n")
        self.assertIn("Traceback", self.build().stderr)

    def test_backend_that_is_not_there(self):
        self.source(pyproject__toml='[build-system]\nrequires = []\nbuild-backend = "nowhere.backend"\n')
        self.assert_refused(self.build(), "the build backend 'nowhere.backend' cannot be imported (ModuleNotFoundError: No module named 'nowhere'")
        self.source(pyproject__toml=IN_TREE.replace('"backend"', '"json"') % "")
        self.assert_refused(self.build(), "the build backend 'json' was found in ")
        self.source(pyproject__toml=IN_TREE.replace('["."]', '["../links"]') % "")
        self.assert_refused(self.build(), "backend-path '../links' of pyproject.toml lies outside the source")

    # Wheels

    def test_wrong_wheels(self):
        other = "cp27-cp27m-linux_x86_64"
        cases = {
            "def build_wheel(*_):\n    return NAME": "expected one wheel, but the build backend made none",
            "one = build_wheel\ndef build_wheel(d, *_):\n    open(d + '/b.whl', 'w')\n    return one(d)": "expected one wheel, but the build backend made b.whl, demo",
            "one = build_wheel\ndef build_wheel(d, *_):\n    one(d)\n    return 'x.whl'": "the build backend says that it made 'x.whl'",
            "NAME = 'UNKNOWN-0.0.0-py3-none-any.whl'": "the build backend made 'UNKNOWN-0.0.0-py3-none-any.whl': it found no name",
            "NAME = 'demo-1.0.whl'": "'demo-1.0.whl' is not the file name of a wheel",
            "TAGS = ['py3-none-linux_x86_64']": "the file name of 'demo-1.0-py3-none-any.whl' says py3-none-any, but its WHEEL file",
            f"NAME, TAGS = 'demo-1.0-{other}.whl', ['{other}']": f"'demo-1.0-{other}.whl' does not fit this Python",
            "open(os.environ['out'] + '/b.whl', 'w')": "expected one wheel in $out, but there are b.whl, demo",
        }
        for code, message in cases.items():
            with self.subTest(code):
                self.in_tree(more=code)
                result = self.build()
                self.assertEqual(result.returncode, 66)
                self.assertIn("nix-voyager: " + message, result.stderr)

    def test_tags_that_fit(self):
        for tag in ("py2.py3-none-any", f"{HERE}-abi3-linux_x86_64", f"{HERE}-{HERE}-linux_x86_64", "cp36-abi3-linux_x86_64"):
            if "linux" in tag and os.uname().machine != "x86_64":
                continue
            with self.subTest(tag):
                tags = ["py2-none-any", "py3-none-any"] if "py2" in tag else [tag]
                self.in_tree(more=f"NAME, TAGS = 'demo-1.0-{tag}.whl', {tags}")
                self.assert_made(self.build(), [f"demo-1.0-{tag}.whl"])

    # Sources

    def test_sources_that_are_not_python(self):
        self.assert_refused(self.build(), "neither pyproject.toml nor setup.py in the source")
        self.source(setup__cfg="[tool]\n")
        self.assert_refused(self.build(), "neither pyproject.toml nor setup.py in the source")

    def test_broken_pyproject(self):
        self.source(pyproject__toml="[build-system\n")
        self.assert_refused(self.build(), "pyproject.toml cannot be read: ")
        self.source(pyproject__toml='[build-system]\nbuild-backend = "backend"\n')
        self.assert_refused(self.build(), "the table build-system of pyproject.toml must have 'requires'")

    def test_bad_settings(self):
        for text in ("nonsense", "[]", '{"x": 1}', '{"configSettings": {"a": 1}}', '{"findLinks": "x"}'):
            self.assert_refused(self.build(VOYAGER_WHEEL=text))

    # Requirements

    def test_requirements_are_checked(self):
        newest = self.link(*wheel("tool", "2.0"))
        self.in_tree(requires='''"tool>=1,<3", "nothing>=4; python_version<'3'"''')
        self.assert_made(self.build([newest]), ["demo-1.0-py3-none-any.whl"])
        self.assert_refused(self.build(), "build requirement 'tool>=1,<3' is not installed; add the system package that holds it "
                            "(often python3-tool) to systemBuildDependencies or a wheel of it to pythonBuildDependencies")
        self.in_tree(requires='"tool>=3", "Nothing"')
        self.assert_refused(self.build([newest]), "build requirement 'tool>=3' is not met: tool 2.0 is installed",
                            "build requirement 'Nothing' is not installed")

    def test_requirements_of_the_hook(self):
        self.in_tree(more="def get_requires_for_build_wheel(_=None):\n    return ['wanted']\n")
        self.assert_refused(self.build(), "build requirement 'wanted' is not installed")

    def test_requirements_of_requirements_and_extras(self):
        tool = self.link(*wheel("tool", requires=["inner>1", "more; extra=='all'", "never; extra=='other'"]))
        inner, more = self.link(*wheel("inner", "1.0")), self.link(*wheel("more"))
        self.in_tree(requires='"tool[all]"')
        self.assert_refused(self.build([tool, inner]), "build requirement 'inner>1' (of tool) is not met: inner 1.0",
                            "build requirement 'more; extra=='all'' (of tool) is not installed")
        inner = self.link(*wheel("inner", "1.1"))
        self.assert_made(self.build([tool, inner, more]), ["demo-1.0-py3-none-any.whl"])
        # What the system has installed is trusted, but for the extras that were asked for.
        with zipfile.ZipFile(tool) as archive:
            archive.extractall(os.path.join(self.top, "system"))
        result = self.build(PYTHONPATH=os.path.join(self.top, "system"))
        self.assert_refused(result, "build requirement 'more; extra=='all'' (of tool) is not installed")
        self.assertNotIn("inner", result.stderr)

    # pythonBuildDependencies

    def test_installed_wheel_is_importable_and_its_programs_run(self):
        files = {"tool.py": "def main():\n    print('from the entry point')\n", "tool-1.0.data/purelib/pure.py": "X = 1\n",
                 "tool-1.0.data/scripts/script": "#!python\nimport tool, pure\nprint('from the script')\n",
                 "tool-1.0.data/data/share/x": "data", "tool-1.0.dist-info/entry_points.txt": "[console_scripts]\nentry = tool:main\n"}
        self.in_tree(requires='"tool"', more="""
            import subprocess, tool, pure
            os.environ["CONTENT"] = "".join(subprocess.check_output([name], text=True) for name in ("entry", "script"))
            """)
        self.assert_made(self.build([self.link(*wheel("tool", files=files))]), ["demo-1.0-py3-none-any.whl"])
        self.assertEqual(self.content(), "from the entry point\nfrom the script\nNone")

    def test_folder_of_wheels(self):
        self.link(*wheel("tool"))
        self.in_tree(requires='"tool"')
        self.assert_made(self.build([os.path.join(self.top, "links")]), ["demo-1.0-py3-none-any.whl"])

    def sdist(self, name, requires):
        backend = BACKEND.replace("demo", name) + f"""
_build = build_wheel
def build_wheel(folder, *rest):
    _build(folder, *rest)
    with zipfile.ZipFile(os.path.join(folder, NAME), "a") as archive:
        archive.writestr("{name}-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n")
    return NAME
"""
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:gz") as archive:
            for file, content in (("pyproject.toml", IN_TREE % requires), ("backend.py", backend)):
                info = tarfile.TarInfo(f"{name}-1.0/{file}")
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content.encode()))
        return self.link(f"{name}-1.0.tar.gz", stream.getvalue())

    def test_sdists_are_built_whatever_their_order(self):
        outer, inner = self.sdist("outer", '"inner>=1"'), self.sdist("inner", "")
        self.in_tree(requires='"outer"')
        self.assert_made(self.build([outer, inner]), ["demo-1.0-py3-none-any.whl"])
        self.assert_refused(self.build([outer]), f"python build dependency '{outer}' cannot be built:",
                            "build requirement 'inner>=1' is not installed")

    def test_bad_dependencies(self):
        self.in_tree()
        self.assert_refused(self.build(["/nowhere"]), "python build dependency '/nowhere' does not exist")
        text = self.link("text", b"text")
        self.assert_refused(self.build([text]), f"python build dependency '{text}' cannot be built:")
        self.assert_refused(self.build([self.link(*wheel("tool", tag="cp27-cp27m-win32"))]), "'" + "0" * 32 + "-tool-1.0-cp27-cp27m-win32.whl' does not fit")
        evil = self.link(*wheel("tool", files={"../../../../evil": "x"}))
        self.assert_refused(self.build([evil]), "a wheel has a member '../../../../evil'")
        self.assertNotIn("evil", os.listdir(self.top))

    # Hostile wheels

    def test_wheels_of_a_hostile_backend(self):
        again = "    with zipfile.ZipFile(os.path.join(d, NAME), 'a') as z:\n        "
        cases = {
            "z.writestr('demo.py', 'another')": "'demo-1.0-py3-none-any.whl' has two members 'demo.py'",
            "z.writestr('other-1.dist-info/WHEEL', 'Tag: py3-none-any')": "'demo-1.0-py3-none-any.whl' is not a wheel: it has 2 files",
        }
        for code, message in cases.items():
            with self.subTest(code):
                self.in_tree(more=f"one = build_wheel\ndef build_wheel(d, *_):\n    one(d)\n{again}{code}\n    return NAME\n")
                self.assert_refused(self.build(), message)
        for code, message in {
            "TAGS = ['py3']": "the wheel 'demo-1.0-py3-none-any.whl' has 'py3' for a tag",
            "TAGS = ['py3-none-any'] * 100000": "the wheel 'demo-1.0-py3-none-any.whl' has a file demo-1.0.dist-info/WHEEL of more than",
            "def build_wheel(d, *_):\n    open(os.path.join(d, NAME), 'w')\n    return NAME":
                "the wheel 'demo-1.0-py3-none-any.whl' cannot be read: BadZipFile: File is not a zip file",
        }.items():
            with self.subTest(code):
                self.in_tree(more=code)
                self.assert_refused(self.build(), message)

    def test_hostile_dependencies(self):
        self.in_tree()
        zeros = {f"{number}": bytes(100 << 20) for number in range(3)}
        stream = io.BytesIO(wheel("tool")[1])
        with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as archive:
            for name, content in zeros.items():
                archive.writestr(name, content)
        bomb = self.link("tool-1.0-py3-none-any.whl", stream.getvalue())
        self.assert_refused(self.build([bomb]), f"'{bomb}' unpacks to more than 268435456 bytes, 200 times its size")
        name, content = wheel("tool", files={"a.py": "1", "b.py": "2"})
        self.assert_refused(self.build([self.link(name, content.replace(b"b.py", b"a.py"))]), "'" + "0" * 32 + f"-{name}' has two members 'a.py'")
        for files, message in (({"x": "", "x/y": ""}, "cannot be read: "), ({"tool-1.0.data/purelib": ""}, "a wheel has data of an unknown kind"),
                               ({"tool-1.0.dist-info/entry_points.txt": "no section"}, "a wheel has an entry_points.txt that cannot be read")):
            with self.subTest(files):
                result = self.build([self.link(*wheel("tool", files=files))])
                self.assertEqual(result.returncode, 66, result.stderr)
                self.assertIn(message, result.stderr)
                self.assertEqual(self.made(), [])
        damaged = bytearray(wheel("tool", files={"data.py": "x" * 1000})[1])
        damaged[damaged.index(b"xxxx")] = 0x79
        self.assert_refused(self.build([self.link("tool-1.0-py3-none-any.whl", bytes(damaged))]), "the wheel '")

    def test_sdist_that_is_a_bomb(self):
        self.in_tree()
        info = tarfile.TarInfo("d/zeros")
        info.size = 400 << 20
        same = gzip.compress(bytes(1 << 20))
        content = gzip.compress(info.tobuf(tarfile.GNU_FORMAT)) + same * 400 + gzip.compress(bytes(1024))
        path = self.link("bomb-1.0.tar.gz", content)
        self.assert_refused(self.build([path]), f"python build dependency '{path}' cannot be built:", f"'{path}' unpacks to more than 268435456 bytes")

    # setuptools

    @unittest.skipUnless(has("setuptools") and has("wheel"), "setuptools and wheel are not installed")
    def test_setuptools_twice_gives_the_same_bytes(self):
        setup_cfg = "[metadata]\nname = demo\nversion = 1.0\n[options]\npy_modules = demo\n"
        sources = {"setup.cfg only": {"setup__cfg": setup_cfg}, "no build-system": {"setup__cfg": setup_cfg, "pyproject__toml": "[tool.x]\n"},
                   "setup.py": {"setup__py": "from setuptools import setup\nsetup(name='demo', version='1.0', py_modules=['demo'])\n"}}
        for name, files in sources.items():
            with self.subTest(name):
                shutil.rmtree(os.path.join(self.top, "source"))
                digests = set()
                for stamp in (10 ** 9, 1):
                    os.makedirs(os.path.join(self.top, "source"))
                    self.source(demo__py="X = 1\n", **files)
                    os.utime(os.path.join(self.top, "source", "demo.py"), (stamp, stamp))
                    self.assert_made(self.build(SOURCE_DATE_EPOCH="1"), ["demo-1.0-py3-none-any.whl"])
                    with open(os.path.join(self.top, "out", self.made()[0]), "rb") as stream:
                        digests.add(hashlib.sha256(stream.read()).hexdigest())
                    shutil.rmtree(os.path.join(self.top, "source"))
                self.assertEqual(len(digests), 1)
                os.makedirs(os.path.join(self.top, "source"))

    def compiled(self, setup, cores):
        """Builds an extension of two sources; returns the order in which they began and ended to be compiled."""
        log = os.path.join(self.top, "log")
        # Stands for gcc: each waits a while for the other to begin, and so sees whether they run side by side.
        compiler = os.path.join(self.top, "cc")
        with open(compiler, "w") as stream:
            stream.write(textwrap.dedent(f"""\
                #!/bin/sh
                case " $* " in *" -c "*) ;; *) exec gcc "$@" ;; esac
                case "$*" in *bad.c*) echo "bad.c is bad" >&2; exit 1 ;; esac
                echo begin >>{log}
                for i in 1 2 3 4 5; do [ "$(grep -c begin {log})" = 2 ] && break; sleep 0.1; done
                gcc "$@" && echo end >>{log}
                """))
        os.chmod(compiler, 0o755)
        open(log, "w").close()
        self.source(one__c="int one(void) { return 1; }\n", two__c="int two(void) { return 2; }\n", setup__py=setup)
        result = self.build(CC=compiler, NIX_BUILD_CORES=str(cores))
        with open(log) as stream:
            return result, stream.read().split()

    EXTENSION = """
    from setuptools import Extension, setup
    setup(name="demo", version="1.0", ext_modules=[Extension("demo", ["one.c", "two.c"])])
    """

    @unittest.skipUnless(has("setuptools") and has("wheel") and shutil.which("gcc"), "setuptools, wheel or gcc are not installed")
    def test_sources_of_an_extension_are_compiled_side_by_side_and_give_the_same_bytes(self):
        digests = set()
        for cores, order in ((2, ["begin", "begin", "end", "end"]), (1, ["begin", "end", "begin", "end"])):
            result, seen = self.compiled(self.EXTENSION, cores)
            self.assertEqual(result.returncode, 0, result.stderr)
            self.assertEqual(seen, order)
            with open(os.path.join(self.top, "out", self.made()[0]), "rb") as stream:
                digests.add(hashlib.sha256(stream.read()).hexdigest())
            shutil.rmtree(os.path.join(self.top, "source"))
            os.mkdir(os.path.join(self.top, "source"))
        self.assertEqual(len(digests), 1)

    @unittest.skipUnless(has("setuptools") and has("wheel") and shutil.which("gcc"), "setuptools, wheel or gcc are not installed")
    def test_a_package_with_a_way_to_compile_of_its_own_has_its_sources_in_turn(self):
        result, seen = self.compiled("""
        from setuptools import Extension, setup
        from setuptools.command.build_ext import build_ext
        class Own(build_ext):
            def build_extensions(self):
                original = self.compiler._compile
                def compile(obj, src, *rest):
                    self.compiler.compiler_so = [word for word in self.compiler.compiler_so if word != "-DTWO"]
                    self.compiler.compiler_so += ["-DTWO"] if src == "two.c" else []
                    original(obj, src, *rest)
                self.compiler._compile = compile
                super().build_extensions()
        setup(name="demo", version="1.0", cmdclass={"build_ext": Own}, ext_modules=[Extension("demo", ["one.c", "two.c"])])
        """, 2)
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(seen, ["begin", "end", "begin", "end"])

    @unittest.skipUnless(has("setuptools") and has("wheel") and shutil.which("gcc"), "setuptools, wheel or gcc are not installed")
    def test_extensions_that_setuptools_itself_compiles_side_by_side_get_their_own_objects(self):
        names = [f"part{number}" for number in range(6)]
        self.source(setup__cfg="[build_ext]\nparallel = 4\n", setup__py=f"""
        from setuptools import Extension, setup
        setup(name="demo", version="1.0", ext_modules=[Extension(name, [name + ".c", name + "b.c"]) for name in {names}])
        """)
        for name in names:
            self.source(**{f"{name}__c": f"int {name}b(void); int {name}(void) {{ return {name}b(); }}\n",
                           f"{name}b__c": f"int {name}b(void) {{ return 1; }}\n"})
        self.assertEqual(self.build(NIX_BUILD_CORES="4").returncode, 0)
        with zipfile.ZipFile(os.path.join(self.top, "out", self.made()[0])) as archive:
            for name in names:
                [member] = [one for one in archive.namelist() if one.startswith(f"{name}.")]
                self.assertIn(f"{name}b".encode(), archive.read(member))

    @unittest.skipUnless(has("setuptools") and has("wheel") and shutil.which("gcc"), "setuptools, wheel or gcc are not installed")
    def test_one_of_many_sources_that_fails_fails_the_build(self):
        for name in ("bad.c", "good.c"):
            with open(os.path.join(self.top, "source", name), "w") as stream:
                stream.write("int good(void) { return 0; }\n")
        result, _ = self.compiled(self.EXTENSION.replace('"two.c"', '"two.c", "bad.c", "good.c"'), 2)
        self.assertEqual(result.returncode, 66)
        self.assertIn("bad.c is bad", result.stderr)
        self.assertIn("the build backend failed in build_wheel", result.stderr)
        self.assertEqual(self.made(), [])


if __name__ == "__main__":
    unittest.main()
