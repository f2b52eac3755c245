"""A package index on the loopback interface, and what runs the scripts beside this against it."""
import base64
import hashlib
import http.server
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from voyager_pypi import settings  # noqa: E402

# Leaves a mark when it is run.
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

    @classmethod
    def digest(cls, name):
        return "0" * 64 if name in cls.wrong_hash else hashlib.sha256(cls.files[name]).hexdigest()

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


class IndexTest(unittest.TestCase):
    """Tests against an index that has the files `names`, all of them sdists by content, and what unearth needs."""

    names = []

    @classmethod
    def setUpClass(cls):
        cls.top = tempfile.mkdtemp()
        cls.addClassCleanup(shutil.rmtree, cls.top)
        subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "-d", cls.top,
                        "-r", os.path.join(HERE, "requirements.txt")], check=True, stdout=subprocess.DEVNULL)
        Index.files = {name: sdist(name) for name in cls.names}
        for name in os.listdir(cls.top):
            with open(os.path.join(cls.top, name), "rb") as stream:
                Index.files[name] = stream.read()
        cls.host = serve(cls)

    def setUp(self):
        self.work = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.work)
        self.marker = os.path.join(self.work, "marker")

    def run_script(self, script, text=None, **env):
        """Runs a script with pip's settings of the environment only."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PIP_") and key not in settings.BUNDLES}
        base = {"PIP_INDEX_URL": f"http://{self.host}/simple", "PIP_CONFIG_FILE": os.devnull, "PIP_RETRIES": "0",
                "HOME": self.work, "MARKER": self.marker}
        return subprocess.run([sys.executable, os.path.join(HERE, script)], env={**kept, **base, **env}, input=text,
                              capture_output=True, text=True)

    def assert_refused(self, result, message):
        self.assertEqual(result.returncode, 67, result.stderr)
        self.assertIn("nix-voyager: " + message, result.stderr)
        self.assertNotIn("Traceback", result.stderr)
