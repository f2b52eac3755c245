"""Runs fetch.py against an index on the loopback interface; only the network's other end is ours."""
import base64
import json
import os
import shutil
import ssl
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from test_support import HERE, Index, IndexTest, serve  # noqa: E402
from voyager_pypi import errors, settings  # noqa: E402


class FetchTest(IndexTest):
    names = ["demo-1.0.tar.gz", "demo-1.10.tar.gz", "demo-1.9.tar.gz", "demo-2.0rc1.tar.gz", "demo-1.10-py3-none-any.whl",
             "demo-1.9-cp311-cp311-linux_x86_64.whl", "onlywheel-1-cp39-abi3-linux_x86_64.whl", "bad-1.tar.gz",
             "zipped-1.tar.gz", "zipped-1.zip", *(f"many-{number}.tar.gz" for number in range(1, 41))]

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        Index.wrong_hash = {"bad-1.tar.gz"}

    def setUp(self):
        super().setUp()
        self.out = os.path.join(self.work, "out")

    def fetch(self, pname, version, form="sdist", index=None, file=None, digest="a" * 64, **env):
        request = {"pname": pname, "version": version, "format": form, "index": index, "file": file, "hash": digest}
        return self.run_script("fetch.py", **{"out": self.out, "VOYAGER_PYPI": json.dumps(request), **env})

    def assert_fetched(self, result, name):
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(self.out, "rb") as stream:
            self.assertEqual(stream.read(), Index.files[name])
        self.assertFalse(os.path.exists(self.marker), "code of the project was run")

    def assert_refused(self, result, message):
        super().assert_refused(result, message)
        self.assertFalse(os.path.exists(self.out))

    def test_sdist_from_the_index_of_the_environment(self):
        self.assert_fetched(self.fetch("Demo", "1.10.0"), "demo-1.10.tar.gz")

    def test_index_argument_wins_and_serves_the_tool_too(self):
        result = self.fetch("demo", "1.10", "wheel", f"http://user:s3cret@{self.host}/private", PIP_INDEX_URL="http://127.0.0.1:9/simple",
                            PIP_EXTRA_INDEX_URL="http://127.0.0.1:9/simple")
        self.assert_fetched(result, "demo-1.10-py3-none-any.whl")

    def test_file_by_its_name(self):
        self.assert_refused(self.fetch("zipped", "1", file="zipped-1.tar.xz"),
                            "zipped 1 has no file 'zipped-1.tar.xz' on the index; it has: zipped-1.tar.gz, zipped-1.zip\n")
        self.assert_fetched(self.fetch("zipped", "1", file="zipped-1.zip"), "zipped-1.zip")

    def test_hash_of_another_file_of_the_version(self):
        digest = Index.digest("demo-1.10-py3-none-any.whl")
        sri = "sha256-" + base64.b64encode(bytes.fromhex(digest)).decode()
        for text in (digest, "sha256:" + digest, sri):
            self.assert_refused(self.fetch("demo", "1.10", digest=text),
                                "the hash given for demo 1.10 is that of demo-1.10-py3-none-any.whl, not of demo-1.10.tar.gz; take the hash")
        self.assert_fetched(self.fetch("demo", "1.10", "wheel", digest=sri), "demo-1.10-py3-none-any.whl")

    def test_unknown_version_and_project(self):
        self.assert_refused(self.fetch("demo", "3"), "demo 3 is not on the index; it has: 2.0rc1, 1.10, 1.9, 1.0\n")
        self.assert_refused(self.fetch("many", "50"),
                            f"many 50 is not on the index; it has: {', '.join(str(n) for n in range(40, 10, -1))} and 10 older\n")
        self.assert_refused(self.fetch("nothing", "1"), "the index has no project 'nothing'")

    def test_missing_formats(self):
        self.assert_refused(self.fetch("onlywheel", "1"),
                            "onlywheel 1 has no sdist on the index; it has: onlywheel-1-cp39-abi3-linux_x86_64.whl\n")
        self.assert_refused(self.fetch("demo", "1.9", "wheel"), "demo 1.9 has no wheel of pure Python (py3-none-any) on the index; compiled")

    def test_damaged_file(self):
        self.assert_refused(self.fetch("bad", "1"), "bad-1.tar.gz does not have the hash that the index gives")

    def test_index_that_fails(self):
        for path, message in (("broken", "could not be installed"), ("private", "check those in the index address")):
            result = self.fetch("demo", "1.0", index=f"http://someone:hunter2@{self.host}/{path}")
            self.assert_refused(result, "the tool 'unearth'")
            self.assertIn(message, result.stderr)
            self.assertNotIn("hunter2", result.stdout + result.stderr)
        self.assert_refused(self.fetch("demo", "1.0", index="http://127.0.0.1:9/simple"), "the tool 'unearth'")

    @unittest.skipUnless(shutil.which("openssl"), "openssl is not installed")
    def test_certificates(self):
        key, certificate = os.path.join(self.work, "key"), os.path.join(self.work, "certificate")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test", "-keyout", key,
                        "-out", certificate, "-addext", "subjectAltName=IP:127.0.0.1"], check=True, stderr=subprocess.DEVNULL)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        index = f"https://{serve(type(self), context)}/simple"
        self.assert_refused(self.fetch("demo", "1.0", index=index), "the tool 'unearth', which finds files on an index, could not be "
                            "installed: the index's certificate is not trusted; give the system your CA bundle")
        self.assert_fetched(self.fetch("demo", "1.0", index=index, SSL_CERT_FILE=certificate), "demo-1.0.tar.gz")
        os.remove(self.out)
        self.assert_fetched(self.fetch("demo", "1.0", index=index, PIP_CERT=certificate, SSL_CERT_FILE="/not/here"), "demo-1.0.tar.gz")

    def test_bad_requests(self):
        for request in ("", "[]", '{"pname": "a"}'):
            self.assert_refused(self.fetch("demo", "1", VOYAGER_PYPI=request), "VOYAGER_PYPI ")
        self.assert_refused(self.fetch("../demo", "1"), "'../demo' is not the name")
        self.assert_refused(self.fetch("demo", "1", "egg"), "format must be")
        self.assert_refused(self.fetch("demo", "1", index="nonsense"), "index must be an address")
        self.assert_refused(self.fetch("demo", "1", digest="nonsense"), "'nonsense' is not a SHA-256")
        self.assert_refused(self.fetch("demo", "1", out=""), "the variable 'out'")


class PureTest(unittest.TestCase):
    def test_mask(self):
        self.assertEqual(errors.mask("see https://me:p@ss@example.org/a and http://example.org/b@c"),
                         "see https://***@example.org/a and http://example.org/b@c")

    def test_environment_wins_over_sections(self):
        text = "global.index-url='a'\n:env:.index-url='c'\ninstall.index-url='b'\nglobal.timeout='5'\nfreeze.timeout='6'\nodd"
        self.assertEqual(settings.parse_pip_config(text), {"index-url": "c", "timeout": "5"})
        self.assertEqual(settings.parse_pip_config("global.index-url='a'\n:env:.index-url=''"), {"index-url": "a"})

    def test_only_bundles_that_exist_count(self):
        existing = os.path.join(HERE, "fetch.py")
        self.assertEqual(settings.ca_bundle({"cert": existing}), existing)
        self.assertNotEqual(settings.ca_bundle({"cert": "/not/here"}), "/not/here")


if __name__ == "__main__":
    unittest.main()
