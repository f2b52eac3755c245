"""Runs stage.sh with bash in temporary folders; nothing of it is replaced."""
import bz2
import gzip
import io
import lzma
import os
import shutil
import stat
import struct
import subprocess
import tarfile
import tempfile
import unittest
import zipfile

STAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "stage.sh")
ONE_TOP = {"demo-1.0/a.txt": b"a\n", "demo-1.0/sub/b.txt": b"b\n"}


def make_tar(members, tar_format=tarfile.GNU_FORMAT):
    """The bytes of a tar: members are name -> content, or tarfile.TarInfo -> content."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tar_format) as archive:
        for name, content in members.items():
            info = name if isinstance(name, tarfile.TarInfo) else tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def make_zip(members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def link(name, target, kind=tarfile.SYMTYPE):
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


def needs(tool):
    return unittest.skipUnless(shutil.which(tool), f"{tool} is not installed")


class StageTest(unittest.TestCase):
    def setUp(self):
        self.top = tempfile.mkdtemp()
        self.addCleanup(lambda: subprocess.run(["rm", "-rf", self.top], check=True))
        self.root = os.path.join(self.top, "build")
        os.makedirs(os.path.join(self.root, ".voyager"))

    def write(self, name, content):
        path = os.path.join(self.top, name)
        with open(path, "wb") as stream:
            stream.write(content)
        return path

    def stage(self, src=None, script="find . | sort", **env):
        self.write("build/.voyager/build-script", script.encode())
        variables = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "VOYAGER_BUILD_ROOT": self.root}
        if src is not None:
            variables["src"] = src
        return subprocess.run(
            ["bash", STAGE], cwd=self.root, env={**variables, **env},
            stdin=subprocess.DEVNULL, capture_output=True, text=True,
        )

    def assert_tree(self, result, names):
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(result.stdout.split(), [".", *names])

    def assert_refused(self, result, message, code=65):
        self.assertEqual(result.returncode, code, result.stderr)
        self.assertIn("nix-voyager: " + message, result.stderr)

    # Sources

    def test_archives_are_told_by_content(self):
        plain = make_tar(ONE_TOP)
        kinds = {"plain": plain, "gzip": gzip.compress(plain), "xz": lzma.compress(plain),
                 "bzip2": bz2.compress(plain), "zip": make_zip(ONE_TOP)}
        for kind, content in kinds.items():
            tool = {"plain": "tar", "zip": "unzip"}.get(kind, kind)
            if not shutil.which(tool):
                continue
            with self.subTest(kind):
                shutil.rmtree(os.path.join(self.root, "source"), ignore_errors=True)
                self.assert_tree(self.stage(self.write("src", content)), ["./a.txt", "./sub", "./sub/b.txt"])

    @needs("zstd")
    def test_zstd(self):
        packed = subprocess.run(["zstd", "-qc"], input=make_tar(ONE_TOP), stdout=subprocess.PIPE, check=True)
        self.assert_tree(self.stage(self.write("src.txt", packed.stdout)), ["./a.txt", "./sub", "./sub/b.txt"])

    def test_old_tar_without_a_mark(self):
        content = bytearray(make_tar(ONE_TOP))
        for start in range(0, len(content), 512):
            header = content[start:start + 512]
            if header[257:262] == b"ustar":
                header[257:265] = bytes(8)
                header[148:156] = b" " * 8
                header[148:156] = b"%06o\0 " % sum(header)
                content[start:start + 512] = header
        self.assertNotIn(b"ustar", content)
        self.assert_tree(self.stage(self.write("src", bytes(content))), ["./a.txt", "./sub", "./sub/b.txt"])

    def test_archive_with_several_tops_or_one_file(self):
        several = self.write("src", make_tar({"x/a": b"", "y": b"", ".hidden": b""}))
        self.assert_tree(self.stage(several), ["./.hidden", "./x", "./x/a", "./y"])
        shutil.rmtree(os.path.join(self.root, "source"))
        self.assert_tree(self.stage(self.write("one", make_tar({"only": b""}))), ["./only"])

    def test_link_as_the_only_top_is_no_folder(self):
        self.assert_tree(self.stage(self.write("src", make_tar({link("l", "/usr"): b""}))), ["./l"])

    def test_read_only_folder_in_archive_becomes_writable(self):
        top = tarfile.TarInfo("demo-1.0")
        top.type, top.mode = tarfile.DIRTYPE, 0o555
        inner = tarfile.TarInfo("demo-1.0/a")
        inner.mode = 0o444
        result = self.stage(self.write("src", make_tar({top: b"", inner: b""})), "stat -c %a . a; touch new")
        self.assertEqual((result.returncode, result.stdout.split()), (0, ["755", "644"]), result.stderr)

    def test_folder_is_copied_writable_with_links(self):
        folder = os.path.join(self.top, "folder")
        os.makedirs(os.path.join(folder, "sub"))
        self.write("folder/sub/a", b"a")
        self.write("folder/.dot", b"")
        os.symlink("sub/a", os.path.join(folder, "link"))
        os.symlink("/nowhere", os.path.join(folder, "dangling"))
        os.chmod(os.path.join(folder, "sub", "a"), 0o555)
        os.chmod(os.path.join(folder, "sub"), 0o555)
        os.symlink(folder, os.path.join(self.top, "alias"))
        result = self.stage(os.path.join(self.top, "alias"), "touch sub/new; stat -c %a sub/a; readlink link dangling; ls -A")
        self.assertEqual(result.stdout.split(), ["755", "sub/a", "/nowhere", ".dot", "dangling", "link", "sub"], result.stderr)
        self.assertEqual(os.listdir(os.path.join(folder, "sub")), ["a"])

    def test_no_source_is_an_empty_folder(self):
        self.assert_tree(self.stage(), [])

    def test_neither_archive_nor_folder(self):
        for content in (b"hello\n", b"", b"\x1f", b"PK", b"x" * 5000):
            shutil.rmtree(os.path.join(self.root, ".unpacked"), ignore_errors=True)
            path = self.write("src.tar.gz", content)
            self.assert_refused(self.stage(path), f"source '{path}' is neither an archive (tar, tar.gz")

    def test_compressed_file_that_is_no_archive(self):
        path = self.write("src", gzip.compress(b"just text\n" * 100))
        self.assert_refused(self.stage(path), f"source '{path}' looks like gzip, but unpacking it as an archive failed")

    def test_truncated_archive(self):
        path = self.write("src", gzip.compress(make_tar({"d/a": os.urandom(9000)}))[:4000])
        self.assert_refused(self.stage(path), f"source '{path}' looks like gzip")

    def test_missing_source_and_missing_tool(self):
        self.assert_refused(self.stage("/nowhere/src"), "source '/nowhere/src' does not exist")
        tools = os.path.join(self.top, "tools")
        os.mkdir(tools)
        for tool in ("bash", "od", "tr", "tar", "mkdir", "rmdir", "cat"):
            os.symlink(shutil.which(tool), os.path.join(tools, tool))
        path = self.write("src", lzma.compress(make_tar(ONE_TOP)))
        self.assert_refused(self.stage(path, PATH=tools), f"source '{path}' needs 'xz'")

    # Hostile archives

    def outside(self):
        """What lies beside /build/source after a run; the tests put nothing else there."""
        return sorted(os.listdir(self.top)), sorted(os.listdir(self.root))

    def test_tar_cannot_write_outside(self):
        evil = os.path.join(self.top, "evil")
        hostile = {
            "absolute": {evil: b"x", "d/a": b""},
            "parent": {"../../evil": b"x", "d/../../../evil": b"x"},
            "through a symbolic link": {link("d/l", "../../.."): b"", "d/l/evil": b"x"},
            "through an absolute symbolic link": {link("l", self.top): b"", "l/evil": b"x"},
            "hard link": {link("d/h", "../../victim", tarfile.LNKTYPE): b"", "d/h": b"x"},
        }
        for name, members in hostile.items():
            with self.subTest(name):
                shutil.rmtree(self.root)
                os.makedirs(os.path.join(self.root, ".voyager"))
                self.write("victim", b"untouched")
                self.stage(self.write("src", make_tar(members)), "true", TAR_OPTIONS="--absolute-names")
                self.assertEqual(self.outside()[0], ["build", "src", "victim"])
                self.assertLessEqual(set(self.outside()[1]), {".voyager", ".unpacked", "source"})
                with open(os.path.join(self.top, "victim"), "rb") as stream:
                    self.assertEqual(stream.read(), b"untouched")

    @needs("unzip")
    def test_zip_cannot_write_outside(self):
        symlink = zipfile.ZipInfo("l")
        symlink.create_system, symlink.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        hostile = {
            "absolute": {os.path.join(self.top, "evil"): b"x", "d/a": b""},
            "parent": {"../../evil": b"x", "a/../../../evil": b"x"},
            "through a symbolic link": {symlink: self.top.encode(), "l/evil": b"x"},
        }
        for name, members in hostile.items():
            with self.subTest(name):
                shutil.rmtree(self.root)
                os.makedirs(os.path.join(self.root, ".voyager"))
                self.stage(self.write("src", make_zip(members)), "true")
                self.assertEqual(self.outside()[0], ["build", "src"])

    def test_duplicates_and_odd_names(self):
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w") as tar:
            for content in (b"first", b"second"):
                info = tarfile.TarInfo("d/-n é b")
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
        result = self.stage(self.write("src: odd", archive.getvalue()), "cat ./*")
        self.assertEqual((result.returncode, result.stdout), (0, "second"), result.stderr)

    def test_devices_and_fifos(self):
        fifo = tarfile.TarInfo("d/pipe")
        fifo.type = tarfile.FIFOTYPE
        result = self.stage(self.write("src", make_tar({"d/a": b"", fifo: b""})), "test -p pipe")
        self.assertEqual(result.returncode, 0, result.stderr)
        if os.geteuid() == 0:
            return  # root may make what a build may not
        shutil.rmtree(os.path.join(self.root, "source"))
        device = tarfile.TarInfo("d/null")
        device.type, device.devmajor, device.devminor = tarfile.CHRTYPE, 1, 3
        self.assert_refused(self.stage(self.write("src", make_tar({"d/a": b"", device: b""}))), "source")

    def test_links_out_of_the_tree_are_kept_and_not_followed(self):
        self.write("victim", b"untouched")
        os.chmod(os.path.join(self.top, "victim"), 0o444)
        members = {link("d/out", "../../victim"): b"", link("d/dir", "../.."): b"", "d/a": b""}
        result = self.stage(self.write("src", make_tar(members)), "readlink out dir")
        self.assertEqual((result.returncode, result.stdout.split()), (0, ["../../victim", "../.."]), result.stderr)
        self.assertEqual(os.stat(os.path.join(self.top, "victim")).st_mode & 0o777, 0o444)

    def test_an_entry_that_comes_again_as_something_else(self):
        folder = tarfile.TarInfo("d/x")
        folder.type = tarfile.DIRTYPE
        for first, second in (("d/x", link("d/x", "../../victim")), (link("d/x", "../../victim"), "d/x"), ("d/x", folder)):
            with self.subTest(f"{first} {second}"):
                shutil.rmtree(self.root)
                os.makedirs(os.path.join(self.root, ".voyager"))
                self.write("victim", b"untouched")
                result = self.stage(self.write("src", make_tar({first: b"", second: b"", "d/a": b""})), "true")
                self.assertIn(result.returncode, (0, 65), result.stderr)
                self.assertEqual(self.outside()[0], ["build", "src", "victim"])
                with open(os.path.join(self.top, "victim"), "rb") as stream:
                    self.assertEqual(stream.read(), b"untouched")

    # Bombs

    def used(self):
        """Bytes on the disk below the build folder."""
        return int(subprocess.check_output(["du", "-s", "-B1", self.root]).split()[0])

    def assert_bomb(self, content):
        path = self.write("src", content)
        self.assert_refused(self.stage(path), f"source '{path}' unpacks to more than 268435456 bytes, 200 times its size")
        self.assertLess(self.used(), 300 << 20)
        shutil.rmtree(os.path.join(self.root, ".unpacked"), ignore_errors=True)

    def zeros_in_tar(self, size):
        """A tar with a file of zeros, compressed by gzip as often as there is a megabyte."""
        info = tarfile.TarInfo("d/zeros")
        info.size = size
        parts = [info.tobuf(tarfile.GNU_FORMAT), *[bytes(1 << 20)] * (size >> 20), bytes(1024)]
        same = gzip.compress(bytes(1 << 20))
        return b"".join(same if len(part) == 1 << 20 else gzip.compress(part) for part in parts)

    def test_a_bomb_of_gzip_is_ended_when_it_has_unpacked_too_much(self):
        self.assert_bomb(self.zeros_in_tar(1 << 30))

    def test_a_source_that_is_large_and_no_bomb(self):
        result = self.stage(self.write("src", self.zeros_in_tar(200 << 20)), "stat -c %s zeros")
        self.assertEqual((result.returncode, result.stdout), (0, f"{200 << 20}\n"), result.stderr)

    @needs("bzip2")
    def test_a_bomb_that_is_no_tar_at_all(self):
        self.assert_bomb(bz2.compress(b"\1" * (100 << 20)) * 5)

    @needs("unzip")
    def test_a_bomb_of_zip_also_when_it_says_less(self):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for number in range(3):
                archive.writestr(f"d/{number}", bytes(150 << 20))
        self.assert_bomb(stream.getvalue())
        size = struct.pack("<I", 150 << 20)
        self.assertEqual(stream.getvalue().count(size), 6)
        self.assert_bomb(stream.getvalue().replace(size, struct.pack("<I", 100)))

    @needs("unzip")
    def test_a_zip_whose_entries_overlap(self):
        content = bytearray(make_zip({"d/a": b"x" * 1000, "d/b": b"y" * 1000}))
        second = content.rindex(b"PK\1\2")
        content[second + 42:second + 46] = struct.pack("<I", 0)
        result = self.stage(self.write("src", bytes(content)))
        self.assert_refused(result, "source")

    # Patches

    def patch(self, name, before, after):
        return self.write(name, f"--- a/a.txt\n+++ b/a.txt\n@@ -1 +1 @@\n-{before}\n+{after}\n".encode())

    @needs("patch")
    def test_patches_in_order(self):
        src = self.write("src", make_tar(ONE_TOP))
        first, second = self.patch("1.patch", "a", "b"), self.patch("2.patch", "b", "c")
        result = self.stage(src, "cat a.txt; find . -name '*.orig'", patches=f"{first} {second}")
        self.assertEqual((result.returncode, result.stdout), (0, "c\n"), result.stderr)
        self.assertEqual([line for line in result.stderr.splitlines() if line.startswith("@")],
                         ["@voyager phase unpack", "@voyager phase patch", "@voyager phase build"])

    @needs("patch")
    def test_fuzzy_patch_leaves_no_backup(self):
        src = self.write("src", make_tar({"d/a.txt": b"0\n1\n2\n3\n4\n5\n6\n7\n"}))
        fuzzy = self.write("1.patch", b"--- a/a.txt\n+++ b/a.txt\n@@ -1,7 +1,7 @@\n X\n 1\n 2\n-3\n+B\n 4\n 5\n 6\n")
        self.assert_tree(self.stage(src, patches=fuzzy), ["./a.txt"])

    @needs("patch")
    def test_patch_that_fails_is_named(self):
        src = self.write("src", make_tar(ONE_TOP))
        good, bad = self.patch("1.patch", "a", "b"), self.patch("2.patch", "a", "c")
        result = self.stage(src, VOYAGER_PATCHES=f"{good} {bad}", patches="/ignored")
        self.assert_refused(result, f"patch '{bad}' does not apply")
        self.assertEqual(result.stdout, "")

    @needs("patch")
    def test_patch_cannot_write_outside(self):
        src = self.write("src", make_tar(ONE_TOP))
        evil = self.write("evil.patch", b"--- /dev/null\n+++ b/../../evil\n@@ -0,0 +1 @@\n+x\n")
        self.assertNotEqual(self.stage(src, patches=evil).returncode, 0)
        self.assertFalse(os.path.exists(os.path.join(self.top, "evil")))

    # The build script

    def test_environment_of_the_script(self):
        result = self.stage(script='umask; echo "$SOURCE_DATE_EPOCH"; pwd; [ ! -t 0 ] && cat')
        self.assertEqual(result.stdout.split(), ["0022", "315532800", os.path.join(self.root, "source")], result.stderr)
        os.rmdir(os.path.join(self.root, "source"))
        self.assertEqual(self.stage(script='echo "$SOURCE_DATE_EPOCH"', SOURCE_DATE_EPOCH="7").stdout, "7\n")

    def test_script_stops_at_the_first_error(self):
        for script, code in (("false; echo on", 1), ("false | true; echo on", 1), ("exit 42", 42)):
            shutil.rmtree(os.path.join(self.root, "source"), ignore_errors=True)
            result = self.stage(script=script)
            self.assertEqual((result.returncode, result.stdout), (code, ""))

    def test_source_that_is_there_already(self):
        os.makedirs(os.path.join(self.root, "source", "x"))
        self.assert_refused(self.stage(), f"'{self.root}/source' is not empty")


if __name__ == "__main__":
    unittest.main()
