"""Compares what configuration.py makes of pip's configuration files with what pip makes of them."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from voyager_pypi import configuration, errors, settings  # noqa: E402

# Where pip looks; the last one wins.
LEVELS = ("xdg/pip/pip.conf", "home/.pip/pip.conf", "home/.config/pip/pip.conf")


class ConfigurationTest(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.top)

    def write(self, level, text):
        path = os.path.join(self.top, level)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(text)
        return path

    def pip(self, **variables):
        """What pip makes of the files where it finds them."""
        env = {key: value for key, value in os.environ.items() if not key.startswith("PIP_")}
        env.update(HOME=os.path.join(self.top, "home"), XDG_CONFIG_HOME=os.path.join(self.top, "home/.config"),
                   XDG_CONFIG_DIRS=os.path.join(self.top, "xdg"), **variables)
        output = subprocess.run([sys.executable, "-m", "pip", "config", "list"], env=env, check=True, capture_output=True, text=True).stdout
        # The other ones are of the machine that runs the tests, and of us.
        return {key: value for key, value in settings.parse_pip_config(output).items() if key not in ("cert", "config-file")}

    def merged(self, *levels):
        """What pip makes of the file that is made of these."""
        files = [[os.path.join(self.top, level), f"/etc/{level}"] for level in levels]
        with mock.patch.dict(os.environ, {"VOYAGER_PIP_FILES": json.dumps(files)}):
            configuration.follow_files(self.top)
            path = os.environ["PIP_CONFIG_FILE"]
            self.assertNotIn("VOYAGER_PIP_FILES", os.environ)
        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
        shutil.rmtree(os.path.join(self.top, "home"), ignore_errors=True)
        shutil.rmtree(os.path.join(self.top, "xdg"), ignore_errors=True)
        return self.pip(PIP_CONFIG_FILE=path)

    def test_as_pip_merges_them(self):
        self.write(LEVELS[0], "[global]\ntimeout = 60\nindex_url = https://global.example/simple\ntrusted-host =\n    one.example\n\n    two.example\n"
                              "[install]\nretries: 7\n")
        self.write(LEVELS[1], "# ours\n[global]\nindex-url = https://legacy.example/simple\nproxy = http://proxy.example:3128\n")
        self.write(LEVELS[2], "[global]\nindex-url = https://user:p%40ss@user.example/simple\nRetries = 1\n[download]\n[freeze]\ntimeout = 5\n")
        expected = self.pip()
        self.assertEqual(expected["index-url"], "https://user:p%40ss@user.example/simple")
        self.assertEqual((expected["timeout"], expected["retries"], expected["proxy"]), ("60", "7", "http://proxy.example:3128"))
        self.assertEqual(expected["trusted-host"].split(), ["one.example", "two.example"])
        self.assertEqual(self.merged(*LEVELS), expected)

    def test_what_is_about_the_other_machine_is_left_out(self):
        self.write(LEVELS[0], "[global]\nrequire-virtualenv = true\nconstraint = /home/u/c.txt\ncert = ~/ca.pem\n"
                              "--index-url = https://mirror.example/simple\n[install]\nuser = true\n")
        self.assertEqual(self.merged(LEVELS[0]), {"index-url": "https://mirror.example/simple"})

    def test_no_files(self):
        self.assertEqual(self.merged(), {})
        with mock.patch.dict(os.environ, {"PIP_CONFIG_FILE": "/some/where"}):
            configuration.follow_files(self.top)
            self.assertEqual(os.environ["PIP_CONFIG_FILE"], "/some/where")

    def test_file_that_cannot_be_read_is_told_by_its_name_on_the_machine(self):
        for text in ("index-url = x\n", "[global]\nnonsense\n", "[global]\na = 1\na = 2\n"):
            path = self.write(LEVELS[0], text)
            with self.assertRaisesRegex(errors.Failure, r"^pip's configuration file /etc/pip.conf cannot be read: .*line"):
                configuration.merge([[path, "/etc/pip.conf"]])


if __name__ == "__main__":
    unittest.main()
