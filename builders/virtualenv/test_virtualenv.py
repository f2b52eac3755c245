"""Runs build.py on small wheels; only `packaging` must be installed."""
import csv
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.join(HERE, "build.py")
INSTALLER = os.path.join(os.path.dirname(HERE), "wheel")
PYTHON = "python{}.{}".format(*sys.version_info)


class VirtualenvTest(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.top)
        self.out = os.path.join(self.top, "out")

    def wheel(self, name, version="1.0", files=None, requires=(), tag="py3-none-any", folder="links"):
        """Writes the wheel of a project, with a module of its name; returns its path."""
        info = f"{name}-{version}.dist-info"
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" + "".join(f"Requires-Dist: {r}\n" for r in requires)
        members = {f"{info}/WHEEL": f"Tag: {tag}\n", f"{info}/METADATA": metadata, f"{info}/RECORD": "", f"{name}.py": "X = 1\n", **(files or {})}
        path = os.path.join(self.top, folder, f"{name}-{version}-{tag}.whl")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            for member, content in members.items():
                archive.writestr(member, content)
        return path

    def build(self, *wheels):
        shutil.rmtree(self.out, ignore_errors=True)
        os.mkdir(self.out)
        wheels = [wheel if isinstance(wheel, dict) else {"path": wheel, "package": None} for wheel in wheels]
        settings = {"installer": INSTALLER, "name": "shop", "wheels": wheels}
        # As the builder calls it: the system's interpreter, whoever runs the tests.
        command = [os.path.realpath(sys._base_executable), BUILD]
        env = {**os.environ, "PYTHONHASHSEED": "0", "out": self.out, "VOYAGER_VIRTUALENV": json.dumps(settings)}
        return subprocess.run(command, env=env, cwd=self.top, stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def assert_made(self, *wheels):
        result = self.build(*wheels)
        self.assertEqual(result.returncode, 0, result.stderr)

    def assert_refused(self, message, *wheels):
        result = self.build(*wheels)
        self.assertEqual(result.returncode, 66, result.stderr)
        self.assertIn("nix-voyager: " + message, result.stderr)
        self.assertNotIn("Traceback", result.stderr)

    def run_in(self, program, *arguments):
        # Nothing of ours in the way, as on a target.
        return subprocess.run([os.path.join(self.out, "bin", program), *arguments], env={"PATH": os.environ["PATH"]}, cwd="/",
                              check=True, capture_output=True, text=True).stdout

    def tree(self):
        """Path -> link, or hash of the content and mode."""
        found = {}
        for folder, folders, files in os.walk(self.out):
            for name in folders + files:
                path = os.path.join(folder, name)
                if os.path.islink(path):
                    found[path] = os.readlink(path)
                elif os.path.isfile(path):
                    with open(path, "rb") as stream:
                        found[path] = hashlib.sha256(stream.read()).hexdigest(), os.stat(path).st_mode
        return found

    def application(self):
        return self.wheel("shop", requires=["basket>=1", "nothing; python_version<'3'", "more; extra=='all'"], files={
            "shop.py": "import basket\nSET = {'a', 'b', 'c'}\ndef main():\n    print('open', basket.X)\n",
            "broken/template.py": "this is {{ no }} python\n",
            "shop-1.0.dist-info/entry_points.txt": "[console_scripts]\nshop = shop:main\n",
            "shop-1.0.data/scripts/helper": "#!python\nimport shop\nshop.main()\n",
            "shop-1.0.data/data/share/shop/page.html": "page"})

    # What is made

    def test_a_program_that_spawns_processes_starts_once(self):
        module = "import multiprocessing\ndef work(): pass\n" \
            "def main():\n    one = multiprocessing.get_context('spawn').Process(target=work)\n    one.start()\n    one.join()\n    print(one.exitcode)\n"
        self.assert_made(self.wheel("workers", files={"workers.py": module,
                                                      "workers-1.0.dist-info/entry_points.txt": "[console_scripts]\nworkers = workers:main\n"}))
        self.assertEqual(self.run_in("workers"), "0\n")

    def test_programs_run_with_the_environments_own_interpreter(self):
        self.assert_made(self.application(), self.wheel("basket", "1.5"))
        for program in ("shop", "helper"):
            self.assertEqual(self.run_in(program), "open 1\n")
            with open(os.path.join(self.out, "bin", program)) as stream:
                self.assertEqual(stream.readline(), f"#!{self.out}/bin/python\n")
        self.assertEqual(self.run_in("python", "-c", "import sys; print(sys.prefix)"), self.out + "\n")
        self.assertEqual(os.path.realpath(os.path.join(self.out, "bin/python3")), os.path.realpath(sys._base_executable))
        self.assertTrue(os.path.exists(os.path.join(self.out, "share/shop/page.html")))

    def test_programs_run_where_their_interpreters_path_is_too_long_for_the_kernel(self):
        self.out = os.path.join(self.top, "a" * 200, "b" * 60)
        os.makedirs(self.out)
        echo = "import sys\ndef main():\n    print(sys.prefix, sys.argv)\n"
        self.assert_made(self.wheel("echo", files={
            "echo.py": echo, "echo-1.0.dist-info/entry_points.txt": "[console_scripts]\necho = echo:main\n",
            "echo-1.0.data/scripts/helper": f"#!python -E {'-' * 300}\nfrom __future__ import annotations\nimport echo\necho.main()\n"}))
        for program in ("echo", "helper"):
            path = os.path.join(self.out, "bin", program)
            with open(path) as stream:
                self.assertEqual(stream.readline(), "#!/bin/sh\n")
            self.assertEqual(self.run_in(program, "a b", "$c"), f"{self.out} {[path, 'a b', '$c']}\n")

    def test_entry_points_as_they_may_be_written(self):
        text = "[console_scripts]\none=shop.cli:Main.run\ntwo = shop.cli : Main.run [extra]\n[gui_scripts]\nthree = shop.cli:Main.run\n"
        cli = "class Main:\n    @staticmethod\n    def run():\n        print('run')\n"
        self.assert_made(self.wheel("shop", files={"shop.py": "", "shop/__init__.py": "", "shop/cli.py": cli, "shop-1.0.dist-info/entry_points.txt": text}))
        for program in ("one", "two", "three"):
            self.assertEqual(self.run_in(program), "run\n")

    def test_data_whose_folder_is_spelled_otherwise(self):
        # The folders' names are both the wheel's, and tools escape and normalise them in ways of their own.
        self.assert_made(self.wheel("my_shop", "1.0.0", files={"My.Shop-1.0.data/": "", "My.Shop-1.0.data/scripts/": "",
                                                               "My.Shop-1.0.data/scripts/shop": "#!python\nprint('open')\n"}))
        self.assertEqual(self.run_in("shop"), "open\n")

    def test_activated_shell_finds_the_programs(self):
        self.assert_made(self.application(), self.wheel("basket"))
        script = f". {self.out}/bin/activate; command -v shop; echo $PS1"
        shell = subprocess.run(["bash", "-c", script], env={"PATH": os.environ["PATH"]}, check=True, capture_output=True, text=True)
        self.assertEqual(shell.stdout.split("\n")[:2], [f"{self.out}/bin/shop", "(shop)"])

    def test_configuration_names_the_systems_interpreter(self):
        self.assert_made(self.wheel("basket"))
        with open(os.path.join(self.out, "pyvenv.cfg")) as stream:
            settings = dict(line.rstrip("\n").split(" = ", 1) for line in stream)
        self.assertEqual(settings["include-system-site-packages"], "false")
        self.assertEqual(settings["home"], os.path.dirname(os.path.realpath(sys._base_executable)))

    def test_there_is_no_pip_unless_its_wheel_is_given(self):
        self.assert_made(self.wheel("basket"))
        self.assertEqual([path for path in self.tree() if "pip" in os.path.relpath(path, self.out)], [])
        self.assertEqual(self.run_in("python", "-c", "import importlib.metadata as m; print([d.name for d in m.distributions()])"),
                         "['basket']\n")
        self.assert_made(self.wheel("pip"))
        self.assertEqual(self.run_in("python", "-c", "import pip; print(pip.X)"), "1\n")

    def test_record_lists_what_is_there(self):
        self.assert_made(self.application(), self.wheel("basket"))
        site = os.path.join(self.out, "lib", PYTHON, "site-packages")
        with open(os.path.join(site, "shop-1.0.dist-info/RECORD")) as stream:
            rows = {path: (digest, size) for path, digest, size in csv.reader(io.StringIO(stream.read()))}
        self.assertEqual(rows["shop-1.0.dist-info/RECORD"], ("", ""))
        for path in ("shop.py", "../../../bin/shop", "../../../bin/helper", "../../../share/shop/page.html", "shop-1.0.dist-info/INSTALLER"):
            self.assertEqual(int(rows[path][1]), os.path.getsize(os.path.join(site, path)))
        self.assertEqual(self.run_in("python", "-c", "import importlib.metadata as m; print(m.version('shop'), m.distribution('shop').read_text('INSTALLER'))"),
                         "1.0 nix-voyager\n\n")

    def test_metadata_that_a_wheel_carries_of_others_is_not_its_own(self):
        carried = {"basket/_vendor/other-2.0.dist-info/WHEEL": "Tag: py3-none-any\n", "basket/_vendor/other-2.0.dist-info/METADATA": "Name: other\n"}
        self.assert_made(self.wheel("basket", files=carried))
        found = [os.path.relpath(path, self.out) for path in self.tree() if path.endswith(("INSTALLER", "RECORD"))]
        site = f"lib/{PYTHON}/site-packages/basket-1.0.dist-info"
        self.assertEqual(sorted(found), [f"{site}/INSTALLER", f"{site}/RECORD"])

    def test_bytecode_is_there_and_needs_no_times(self):
        self.assert_made(self.application(), self.wheel("basket"))
        for folder, _, files in os.walk(os.path.join(self.out, "lib")):
            for name in files:
                os.utime(os.path.join(folder, name), (1, 1))
        output = self.run_in("python", "-c", "import shop; print(shop.__cached__)").strip()
        with open(output, "rb") as stream:
            # PEP 552: based on a hash, and not to be checked.
            self.assertEqual(int.from_bytes(stream.read(8)[4:], "little"), 1)

    def test_again_gives_the_same_bytes_whatever_the_order_of_the_wheels(self):
        wheels = [self.application(), self.wheel("basket"), self.wheel("other")]
        self.assert_made(*wheels)
        first = self.tree()
        self.assert_made(*reversed(wheels))
        self.assertEqual(self.tree(), first)

    def test_folders_of_wheels(self):
        self.application()
        self.wheel("basket")
        self.assert_made(os.path.join(self.top, "links"))
        self.assertEqual(self.run_in("shop"), "open 1\n")

    def test_the_same_file_of_two_wheels_is_no_harm(self):
        namespace = {"space/__init__.py": "__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"}
        self.assert_made(self.wheel("one", files=namespace), self.wheel("two", files=namespace))

    # What is refused

    def test_requirement_that_is_not_met(self):
        application = self.application()
        self.assert_refused("requirement 'basket>=1' (of shop) is not installed; add a wheel of basket to wheels", application)
        self.assert_refused("requirement 'basket>=1' (of shop) is not met: basket 0.9 is installed", application, self.wheel("basket", "0.9"))

    def test_requirement_of_an_extra_that_is_asked_for(self):
        asking = self.wheel("asking", requires=["shop[all]"])
        self.assert_refused("requirement 'more; extra=='all'' (of shop) is not installed", asking, self.application(), self.wheel("basket"))
        self.assert_made(asking, self.application(), self.wheel("basket"), self.wheel("more"))

    def test_two_wheels_of_a_project(self):
        one, two = self.wheel("basket"), self.wheel("Basket", "2.0")
        self.assert_refused(f"there are two wheels of 'basket', {one} and {two}; leave one of them out", one, two)

    def test_wheel_for_another_interpreter(self):
        for tag in ("cp27-cp27m-linux_x86_64", "cp37-cp37m-linux_x86_64", "py2-none-any"):
            self.assert_refused(f"'basket-1.0-{tag}.whl' does not fit this Python", self.wheel("basket", tag=tag))

    def test_wheel_of_another_version_than_was_asked_for(self):
        def asked(version, name="basket", path=self.wheel("basket", "1.16")):
            return {"path": path, "package": {"name": name, "version": version}}

        for fitting in (asked("1.16"), asked("1.16.0", "Basket"), asked("01.16")):
            self.assert_made(fitting)
        self.assert_refused("'basket-1.16-py3-none-any.whl' is the wheel of basket 1.16, but asked for was basket 1.17: take the name and the "
                            "hash of the file of that version", asked("1.17"))
        self.assert_refused("'basket-1.16-py3-none-any.whl' is the wheel of basket 1.16, but asked for was trolley 1.16", asked("1.16", "trolley"))
        # A tool that leaves the hyphen in the folder's name.
        hyphen = self.wheel("my-shop")
        os.rename(hyphen, hyphen.replace("my-shop-1.0-", "my_shop-1.0-"))
        self.assert_made(asked("1.0", "my-shop", hyphen.replace("my-shop-1.0-", "my_shop-1.0-")))
        # What it is called says nothing.
        for name, metadata in (("lying-2", "Name: basket\nVersion: 1.16\n"), ("basket-1.17", "Name: basket\nVersion: 1.16\n"),
                               ("basket-1.17", "Name: lying\nVersion: 1.17\n"), ("basket-1.17", "Name: basket\n")):
            wheel = self.wheel(*name.split("-"), files={f"{name}.dist-info/METADATA": metadata})
            self.assert_refused(f"'{os.path.basename(wheel)}' is the wheel of ", asked("1.17", path=wheel))

    def test_files_that_two_wheels_have_differently(self):
        self.assert_refused("'two-1.0-py3-none-any.whl' has a file 'lib/" + PYTHON + "/site-packages/tests/__init__.py' that is another one in "
                            "'one-1.0-py3-none-any.whl'",
                            self.wheel("one", files={"tests/__init__.py": "1"}), self.wheel("two", files={"tests/__init__.py": "2"}))
        for script in ("python", "activate"):
            self.assert_refused(f"'evil-1.0-py3-none-any.whl' has a file 'bin/{script}' that is another one in the environment itself",
                                self.wheel("evil", files={f"evil-1.0.data/scripts/{script}": "#!python\n"}))

    def test_what_is_no_wheel(self):
        path = os.path.join(self.top, "demo.tar.gz")
        with open(path, "w") as stream:
            stream.write("text")
        self.assert_refused(f"'{path}' is no wheel; only wheels can be installed here: build it with mkDockerWheel", path)
        os.mkdir(os.path.join(self.top, "empty"))
        self.assert_refused(f"'{self.top}/empty' is no wheel", os.path.join(self.top, "empty"))

    def test_program_that_names_no_function(self):
        for value in ("shop.cli", "shop.cli:", ":main", "shop-cli:main", "shop:main()", "shop:1st", "shop:main\n more"):
            self.assert_refused("'shop-1.0-py3-none-any.whl' declares the program 'shop' as '" + value.split("\n")[0],
                                self.wheel("shop", files={"shop-1.0.dist-info/entry_points.txt": f"[console_scripts]\nshop = {value}\n"}))

    def test_data_of_an_unknown_kind(self):
        for member in ("shop-1.0.data/other/file", "assets.data/file", "shop-1.0.data/scripts"):
            self.assert_refused(f"a wheel has data of an unknown kind: '{member}'", self.wheel("shop", files={member: ""}))

    def test_member_that_leads_out(self):
        self.assert_refused("a wheel has a member '../../../../evil'", self.wheel("evil", files={"../../../../evil": ""}))


if __name__ == "__main__":
    unittest.main()
