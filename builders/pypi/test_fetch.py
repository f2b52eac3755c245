"""Runs fetch.py against an index on the loopback interface; only the network's other end is ours."""
import base64
import hashlib
import http.server
import importlib.util
import io
import json
import os
import shutil
import ssl
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
FETCH = os.path.join(HERE, "fetch.py")
specification = importlib.util.spec_from_file_location("fetch", FETCH)
fetch = importlib.util.module_from_spec(specification)
specification.loader.exec_module(fetch)

SETUP = b"import os\nopen(os.environ['MARKER'], 'w').close()\n"


def sdist(name):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        info = tarfile.TarInfo(f"{name}/setup.py")
        info.size = len(SETUP)
        archive.addfile(info, io.BytesIO(SETUP))
    return stream.getvalue()


class Index(http.server.BaseHTTPRequestHandler):
    """A simple index. Paths: /simple/PROJECT/, /files/NAME; /private/… wants user:s3cret, /broken/… answers 503."""

    files = {}
    wrong_hash = set()

    def do_GET(self):
        parts = self.path.strip("/").split("/")
        if parts[0] == "broken":
            return self.answer(503, b"")
        if parts[0] == "private" and self.headers.get("Authorization") != "Basic " + base64.b64encode(b"user:s3cret").decode():
            return self.answer(401, b"")
        if parts[0] == "files" and parts[1] in self.files:
            return self.answer(200, self.files[parts[1]], "application/octet-stream")
        names = [name for name in self.files if len(parts) == 2 and parts[0] in ("simple", "private")
                 and name.replace("_", "-").lower().startswith(parts[1] + "-")]
        if not names:
            return self.answer(404, b"")
        links = [f'<a href="/files/{name}#sha256={self.digest(name)}">{name}</a>' for name in names]
        return self.answer(200, "\n".join(links).encode())

    def digest(self, name):
        return "0" * 64 if name in self.wrong_hash else hashlib.sha256(self.files[name]).hexdigest()

    def answer(self, status, body, kind="text/html"):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def serve(test_class, context=None):
    """Starts the index; returns host:port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Index)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    test_class.addClassCleanup(server.server_close)
    test_class.addClassCleanup(server.shutdown)
    return f"127.0.0.1:{server.server_address[1]}"


class FetchTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.top)
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", cls.top,
                        "-r", os.path.join(HERE, "requirements.txt")], check=True, stdout=subprocess.DEVNULL)
        names = ["demo-1.0.tar.gz", "demo-1.10.tar.gz", "demo-1.9.tar.gz", "demo-2.0rc1.tar.gz", "demo-1.10-py3-none-any.whl",
                 "demo-1.9-cp311-cp311-linux_x86_64.whl", "onlywheel-1-cp39-abi3-linux_x86_64.whl", "bad-1.tar.gz",
                 *(f"many-{number}.tar.gz" for number in range(1, 41))]
        Index.files = {name: sdist(name) for name in names}
        Index.wrong_hash = {"bad-1.tar.gz"}
        for name in os.listdir(cls.top):
            with open(os.path.join(cls.top, name), "rb") as stream:
                Index.files[name] = stream.read()
        cls.host = serve(cls)

    def setUp(self):
        self.work = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.work)
        self.out, self.marker = os.path.join(self.work, "out"), os.path.join(self.work, "marker")

    def fetch(self, pname, version, form="sdist", index=None, **env):
        """Runs fetch.py with pip's settings of the environment only."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PIP_") and key not in fetch.BUNDLES}
        base = {"PIP_INDEX_URL": f"http://{self.host}/simple", "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0",
                "HOME": self.work, "MARKER": self.marker, "out": self.out,
                "VOYAGER_PYPI": json.dumps({"pname": pname, "version": version, "format": form, "index": index})}
        return subprocess.run([sys.executable, FETCH], env={**kept, **base, **env}, capture_output=True, text=True)

    def assert_fetched(self, result, name):
        self.assertEqual(result.returncode, 0, result.stderr)
        with open(self.out, "rb") as stream:
            self.assertEqual(stream.read(), Index.files[name])
        self.assertFalse(os.path.exists(self.marker), "code of the project was run")

    def assert_refused(self, result, message):
        self.assertEqual(result.returncode, 67, result.stderr)
        self.assertIn("nix-voyager: " + message, result.stderr)
        self.assertNotIn("Traceback", result.stderr)
        self.assertFalse(os.path.exists(self.out))

    def test_sdist_from_the_index_of_the_environment(self):
        self.assert_fetched(self.fetch("Demo", "1.10.0"), "demo-1.10.tar.gz")

    def test_index_argument_wins_and_serves_the_tool_too(self):
        result = self.fetch("demo", "1.10", "wheel", f"http://user:s3cret@{self.host}/private", PIP_INDEX_URL="http://127.0.0.1:9/simple",
                            PIP_EXTRA_INDEX_URL="http://127.0.0.1:9/simple")
        self.assert_fetched(result, "demo-1.10-py3-none-any.whl")

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
        self.assert_refused(self.fetch("demo", "1", out=""), "the variable 'out'")


class PureTest(unittest.TestCase):
    def test_mask(self):
        self.assertEqual(fetch.mask("see https://me:p@ss@example.org/a and http://example.org/b@c"),
                         "see https://***@example.org/a and http://example.org/b@c")

    def test_environment_wins_over_sections(self):
        text = "global.index-url='a'\n:env:.index-url='c'\ninstall.index-url='b'\nglobal.timeout='5'\nfreeze.timeout='6'\nodd"
        self.assertEqual(fetch.parse_pip_config(text), {"index-url": "c", "timeout": "5"})

    def test_only_bundles_that_exist_count(self):
        self.assertEqual(fetch.ca_bundle({"cert": FETCH}), FETCH)
        self.assertNotEqual(fetch.ca_bundle({"cert": "/not/here"}), "/not/here")


if __name__ == "__main__":
    unittest.main()
