"""Runs pin.py against an index on the loopback interface."""
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_support import Index, IndexTest  # noqa: E402


class PinTest(IndexTest):
    names = ["pure-1.0.tar.gz", "pure-1.0-py3-none-any.whl", "compiled-2.0.tar.gz", "compiled-2.0-cp311-cp311-manylinux_2_17_x86_64.whl",
             "both-3.0.tar.gz", "both-3.0-py3-none-any.whl", "both-3.0-cp311-cp311-manylinux_2_17_x86_64.whl",
             "onlywheel-1-cp39-abi3-linux_x86_64.whl", "Odd.Name-1.0.tar.gz"]

    def pin(self, text, **env):
        return self.run_script("pin.py", text, **env)

    def hashes(self, prefix):
        """The options of all hashes of files whose names begin so, as pip-compile writes them."""
        digests = sorted(Index.digest(name) for name in Index.files if name.startswith(prefix))
        return " \\\n".join(f"    --hash=sha256:{digest}" for digest in digests)

    def line(self, requirement, file):
        return f"{requirement} \\\n    --hash=sha256:{Index.digest(file)}  # {file}\n"

    def assert_pinned(self, text, expected):
        result = self.pin(text)
        self.assertEqual((result.returncode, result.stdout), (0, expected), result.stderr)

    def test_one_file_is_left_of_each_requirement(self):
        text = (f"# made by pip-compile\n--no-binary :all:\n\npure==1.0 \\\n{self.hashes('pure-')}\n    # via something\n"
                f"compiled[more] == 2.0 \\\n{self.hashes('compiled-')}\nboth==3.0 \\\n{self.hashes('both-')}\n")
        expected = ("# made by pip-compile\n--no-binary :all:\n\n" + self.line("pure==1.0", "pure-1.0-py3-none-any.whl") + "    # via something\n"
                    + self.line("compiled[more]==2.0", "compiled-2.0.tar.gz") + self.line("both==3.0", "both-3.0.tar.gz"))
        self.assert_pinned(text, expected)
        # What it wrote it leaves as it is.
        self.assert_pinned(expected, expected)

    def test_only_files_whose_hashes_are_listed_count(self):
        digest = Index.digest("pure-1.0.tar.gz")
        self.assert_pinned(f"pure==1.0 --hash sha256:{digest.upper()} # mine\n", self.line("pure==1.0", "pure-1.0.tar.gz"))
        self.assert_pinned(f"both==3.0 --hash=sha256:{Index.digest('both-3.0-py3-none-any.whl')}",
                           self.line("both==3.0", "both-3.0-py3-none-any.whl"))

    def test_markers_are_decided(self):
        self.assert_pinned(f"pure==1.0 ; python_version >= '3' \\\n{self.hashes('pure-')}\n"
                           f"compiled==2.0 ; sys_platform == 'win32' \\\n{self.hashes('compiled-')}\n",
                           self.line("pure==1.0", "pure-1.0-py3-none-any.whl")
                           + "# compiled==2.0 ; sys_platform == 'win32': not for this Python and system\n")

    def test_what_cannot_be_pinned_is_named_with_its_line_all_at_once(self):
        digest = Index.digest("pure-1.0.tar.gz")
        compiled = Index.digest("onlywheel-1-cp39-abi3-linux_x86_64.whl")
        cases = {
            "pure==1.0": "'pure' has no hash: write --hash=sha256:",
            f"pure>=1.0 --hash=sha256:{digest}": "'pure' is not pinned to one version: write pure==VERSION",
            f"pure==1.* --hash=sha256:{digest}": "'pure' is not pinned",
            f"pure==1.0 --hash=md5:{digest}": "'pure' has a hash of the kind md5",
            f"pure==1.0 --hash=sha256:{digest[1:]}": f"'pure' has the hash '{digest[1:]}', which is none: a SHA-256 has 64 digits",
            f"pure==1.0 --global-option=x --hash=sha256:{digest}": "'pure' has the option '--global-option=x'; only --hash",
            "-r other.txt": "the option '-r' is none for a requirements file here",
            "--index-url=https://example.org/simple": "the option '--index-url' is none",
            "-e .": "the option '-e'",
            "./folder": "'./folder' is no requirement of the form NAME==VERSION",
            f"pure @ https://example.org/pure.tar.gz --hash=sha256:{digest}": "'pure' is taken from an address",
            f"both==3.0 --hash=sha256:{'0' * 64}": "no file of both 3.0 on the index has one of its hashes; it has: both-3.0-cp311",
            f"compiled==7 --hash=sha256:{digest}": "compiled 7 is not on the index; it has: 2.0",
            f"nowhere==7 --hash=sha256:{digest}": "the index has no project 'nowhere'",
            f"onlywheel==1 --hash=sha256:{compiled}": "the hashes of onlywheel 1 are those of compiled wheels only, which bring their own",
            f"pure==1.0 --hash=sha256:{digest} ": None,
            f"Pure==2.0 --hash=sha256:{digest}": "'Pure' is required as 1.0 and as 2.0",
        }
        result = self.pin("\n".join(cases))
        for number, message in enumerate(cases.values(), 1):
            if message:
                self.assert_refused(result, f"line {number}: {message}")
            else:
                self.assertNotIn(f"line {number}:", result.stderr)
        self.assertEqual(result.stdout, "")

    def test_index_by_its_address(self):
        text = f"pure==1.0 --hash=sha256:{Index.digest('pure-1.0.tar.gz')}\n"
        result = self.pin(text, PIP_INDEX_URL="http://127.0.0.1:9/simple", VOYAGER_PYPI_INDEX=f"http://{self.host}/simple")
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assert_refused(self.pin(text, PIP_INDEX_URL="http://someone:hunter2@127.0.0.1:9/simple"), "the tool 'unearth'")

    def test_index_of_several_configuration_files(self):
        files = []
        for name, text in ("global", "index-url = http://127.0.0.1:9/simple\ntimeout = 20\n"), ("user", f"index-url = http://{self.host}/simple\n"):
            path = os.path.join(self.work, name)
            with open(path, "w") as stream:
                stream.write("[global]\n" + text)
            files.append([path, f"/etc/{name}.conf"])
        text = f"pure==1.0 --hash=sha256:{Index.digest('pure-1.0.tar.gz')}\n"
        result = self.pin(text, PIP_INDEX_URL="", VOYAGER_PIP_FILES=json.dumps(files))
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(path, "a") as stream:
            stream.write("nonsense\n")
        self.assert_refused(self.pin(text, VOYAGER_PIP_FILES=json.dumps(files)), "pip's configuration file /etc/user.conf cannot be read")


if __name__ == "__main__":
    unittest.main()
