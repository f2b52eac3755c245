"""Runs run.sh with real scripts."""
import glob
import os
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
INSTALL = os.path.join(HERE, "../wheel/install.py")


class RunTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = folder.name
        self.package = os.path.join(self.root, "package")
        for name in ("package", ".voyager"):
            os.mkdir(os.path.join(self.root, name))

    def run_script(self, text, **env):
        script = os.path.join(self.root, "script")
        with open(script, "w") as stream:
            stream.write(text)
        variables = {"PATH": os.environ["PATH"], "VOYAGER_BUILD_ROOT": self.root, "packages": self.package, **env}
        return subprocess.run(["sh", os.path.join(HERE, "run.sh"), script], env=variables, cwd=self.root,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def observed(self, pattern):
        text = ""
        for path in glob.glob(os.path.join(self.root, ".voyager/observed", pattern)):
            with open(path) as stream:
                text += stream.read()
        return text

    def test_the_loader_writes_down_what_is_loaded(self):
        result = self.run_script("sleep 0; exit 7")
        self.assertEqual(result.returncode, 7, result.stderr)
        self.assertIn("object=sleep [0]", self.observed("ld.*"))
        self.assertEqual(result.stderr, "")

    def test_processes_without_the_loaders_word_are_seen(self):
        result = self.run_script("env -i sleep 0.4", VOYAGER_TEST_OBSERVE="maps")
        self.assertEqual((result.returncode, self.observed("ld.*")), (0, ""), result.stderr)
        seen = self.observed("maps")
        self.assertRegex(seen, r"/proc/\d+/exe -> \S*/(sleep|coreutils|busybox)\n")
        self.assertRegex(seen, r"/proc/\d+/maps: r-xp .*/libc[.-]")
        self.assertEqual(len(seen.splitlines()), len(set(seen.splitlines())))

    def test_the_script_has_a_shell_that_stops_and_nothing_of_ours(self):
        self.assertEqual(self.run_script("false | cat; touch on").returncode, 1)
        self.assertFalse(os.path.exists(os.path.join(self.root, "on")))
        result = self.run_script('env | grep VOYAGER_; echo "$junit"', VOYAGER_RUNNER="x", VOYAGER_TEST_OBSERVE="loader",
                                 VOYAGER_TEST_PYTHON="", VOYAGER_TEST_PYTHON_DEPENDENCIES="")
        self.assertNotIn("VOYAGER_TEST", result.stdout)
        self.assertNotIn("VOYAGER_RUNNER", result.stdout)

    def test_a_failure_that_is_kept_is_told_in_a_file(self):
        status = os.path.join(self.root, ".voyager/test-status")
        self.assertEqual(self.run_script('[ -z "${VOYAGER_TEST_KEEP_FAILED-}" ]', VOYAGER_TEST_KEEP_FAILED="1").returncode, 0)
        self.assertFalse(os.path.exists(status))
        self.assertEqual(self.run_script("exit 7", VOYAGER_TEST_KEEP_FAILED="1").returncode, 0)
        with open(status) as stream:
            self.assertEqual(stream.read(), "7\n")

    def test_a_descriptor_that_the_script_uses_itself_gets_nothing_of_the_loader(self):
        result = self.run_script('exec 3>&1\necho hello >&3\ncat /dev/null ~root\ntrue', HOME="/")
        self.assertEqual(result.stdout, "hello\n")

    def test_what_stays_behind_does_not_hold_it_up(self):
        start = time.monotonic()
        self.assertEqual(self.run_script("sleep 20 >/dev/null 2>&1 &").returncode, 0)
        self.assertLess(time.monotonic() - start, 10)

    def wheel(self):
        sys.path.insert(0, os.path.join(HERE, "../wheel"))
        self.addCleanup(sys.path.pop, 0)
        from test_build import wheel

        return wheel("demo", files={"demo.py": "X = 1\n", "demo-1.0.dist-info/entry_points.txt": "[console_scripts]\nd = demo:X\n"})

    def put(self, name, content):
        with open(os.path.join(self.package, name), "wb") as stream:
            stream.write(content)

    def test_wheels_are_installed(self):
        self.put(*self.wheel())
        python = {"VOYAGER_TEST_PYTHON": "python3", "VOYAGER_TEST_INSTALL": INSTALL}
        result = self.run_script("command -v d; python3 -c 'import demo; print(demo.X)'", PYTHONPATH="/other", **python)
        self.assertEqual((result.returncode, result.stdout.split()[-1]), (0, "1"), result.stderr)
        self.assertIn("/.voyager/python/bin/d\n", result.stdout)

    def test_a_wheel_without_an_interpreter(self):
        self.put(*self.wheel())
        result = self.run_script("true")
        self.assertEqual(result.returncode, 65)
        self.assertIn("nix-voyager: there are wheels among the packages, but no interpreter", result.stderr)

    def test_what_is_no_wheel_is_refused(self):
        self.put("x.tar.gz", b"nothing")
        python = {"VOYAGER_TEST_PYTHON": "python3", "VOYAGER_TEST_INSTALL": INSTALL}
        dependency = os.path.join(self.package, "x.tar.gz")
        result = self.run_script("true", VOYAGER_TEST_PYTHON_DEPENDENCIES=dependency, **python)
        self.assertEqual(result.returncode, 66)
        self.assertIn("x.tar.gz' is no wheel; only wheels can be installed here", result.stderr)
