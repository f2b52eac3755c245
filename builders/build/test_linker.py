"""Links with gcc through stage.sh and reads the records that linker.sh leaves."""
import glob
import os
import shutil
import subprocess
import unittest

from test_stage import StageTest as Stage

MAIN = "printf 'int answer(void); int main(void) { return answer(); }' >main.c"
STATIC = "mkdir -p $OTHER; echo 'int answer(void) { return 42; }' >a.c; gcc -c a.c; ar rcs $OTHER/liban.a a.o"


@unittest.skipUnless(shutil.which("gcc") and shutil.which("readelf"), "gcc is not installed")
class LinkerTest(unittest.TestCase):
    setUp, write, stage = Stage.setUp, Stage.write, Stage.stage

    def link(self, script, **env):
        """Runs it; returns its result, and the records as sets of lines."""
        env.setdefault("OTHER", os.path.join(self.top, "other"))
        result = self.stage(script=script, **env)
        links = set(glob.glob(os.path.join(self.root, ".voyager/links/*")))
        links.remove(os.path.join(self.root, ".voyager/links/watched"))
        records = []
        for name in links:
            self.assertTrue(name.endswith(".link"), f"{name} was left behind")
            with open(name, encoding="utf-8") as stream:
                records.append(stream.read().splitlines())
        return result, records

    def assert_links(self, result, records, output, archives):
        self.assertEqual(result.returncode, 0, result.stderr)
        self.assertEqual(len(records), 1, records)
        [identity, path, *rest] = records[0]
        self.assertEqual(path, f"output {os.path.realpath(self.root)}/source/{output}")
        self.assertEqual([os.path.basename(line) for line in rest if line != "relocatable"], archives)
        return identity

    def test_an_ordinary_link_leaves_no_record(self):
        result, records = self.link(
            "echo 'int main(void) { return 0; }' >m.c; gcc -pthread m.c -ldl -lm -o m; ./m; echo ran")
        self.assertEqual((result.stdout, records), ("ran\n", []), result.stderr)

    def test_a_static_library_from_elsewhere(self):
        result, records = self.link(f"{STATIC}; {MAIN}; gcc main.c -L$OTHER -lan -o m; readelf -n m")
        identity = self.assert_links(result, records, "m", ["liban.a"])
        self.assertRegex(identity, "^id [0-9a-f]{40}$")
        self.assertIn(identity[3:], result.stdout)

    def test_a_link_without_a_build_id(self):
        result, records = self.link(f"{STATIC}; {MAIN}; gcc -Wl,--build-id=none main.c -L$OTHER -lan -o m")
        self.assertEqual(self.assert_links(result, records, "m", ["liban.a"]), "id ")

    def test_the_builds_own_library_is_its_own(self):
        result, records = self.link(f"{STATIC}; {MAIN}; gcc main.c -L. -L../own -lan -o m",
                                    OTHER=os.path.join(self.root, "own"))
        self.assertEqual((result.returncode, records), (0, []), result.stderr)

    def test_names_with_spaces_and_links_to_libraries(self):
        other = os.path.join(self.top, "an other")
        quoted = STATIC.replace("$OTHER", '"$OTHER"')
        result, records = self.link(
            f"OTHER='{other}'; {quoted}; mkdir 'a b'; ln -s liban.a \"$OTHER/libmy.a\"; {MAIN};"
            "gcc main.c \"-L$OTHER\" -lmy -o 'a b/m'")
        self.assert_links(result, records, "a b/m", ["liban.a"])
        self.assertEqual(records[0][2], f"archive {os.path.realpath(other)}/liban.a")

    def test_other_linkers(self):
        for name in ("gold", "lld", "mold"):
            if not shutil.which(f"ld.{name}"):
                continue
            with self.subTest(name):
                shutil.rmtree(self.root)
                os.makedirs(os.path.join(self.root, ".voyager"))
                result, records = self.link(f"{STATIC}; {MAIN}; gcc -fuse-ld={name} main.c -L$OTHER -lan -o m")
                self.assert_links(result, records, "m", ["liban.a"])

    def test_a_static_c_library(self):
        result, records = self.link("echo 'int main(void) { return 0; }' >m.c; gcc -static m.c -o m && ./m")
        self.assert_links(result, records, "m", ["libgcc_eh.a", "libc.a"])

    def test_the_c_compilers_library_statically(self):
        if not shutil.which("g++"):
            self.skipTest("g++ is not installed")
        result, records = self.link(
            "printf '#include <string>\\nint main(int n, char **) { return std::string(n, 1).size() != 1; }' >m.cc;"
            "g++ -static-libstdc++ m.cc -o m && ./m")
        self.assert_links(result, records, "m", ["libstdc++.a"])

    def test_a_link_that_fails_says_what_the_linker_says_and_leaves_no_record(self):
        result, records = self.link(f"{MAIN}; gcc main.c -o m")
        self.assertEqual((result.returncode, records), (1, []))
        self.assertEqual(result.stderr.count("undefined reference to `answer'"), 1, result.stderr)

    def test_a_folder_that_the_package_names_itself_still_counts(self):
        result, records = self.link(
            f"printf '#!/bin/sh\\necho mine >&2; exec /usr/bin/ld \"$@\"' >../ld; chmod +x ../ld; {MAIN}; {STATIC};"
            "gcc main.c -L$OTHER -lan -o m", COMPILER_PATH=self.root)
        self.assert_links(result, records, "m", ["liban.a"])

    def test_one_that_is_called_by_its_name_or_by_a_compiler_without_environment(self):
        for link in ("gcc -c main.c; ld -e main main.o $OTHER/liban.a -o m",
                     "env -i PATH=\"$PATH\" gcc main.c $OTHER/liban.a -o m"):
            with self.subTest(link):
                shutil.rmtree(self.root)
                os.makedirs(os.path.join(self.root, ".voyager"))
                result, records = self.link(f"{STATIC}; {MAIN}; {link}")
                self.assert_links(result, records, "m", ["liban.a"])

    def test_a_library_by_another_name(self):
        result, records = self.link(f"{STATIC}; {MAIN}; ln -s $OTHER/liban.a an.lib; gcc main.c ./an.lib -o m")
        self.assert_links(result, records, "m", ["liban.a"])

    def test_a_link_of_objects_only_passes_on_what_it_read_but_a_shared_library_does_not(self):
        result, records = self.link(f"{STATIC}; {MAIN}; gcc -c main.c; ld -r main.o $OTHER/liban.a -o all.o;"
                                    "gcc all.o -o m")
        self.assertEqual(result.returncode, 0, result.stderr)
        made = {os.path.basename(record[1]): [os.path.basename(line) for line in record[2:]] for record in records}
        self.assertEqual(made, {"all.o": ["liban.a", "relocatable"], "m": ["liban.a"]})

    def test_a_shared_library_keeps_what_it_read_to_itself(self):
        result, records = self.link(f"{STATIC}; {MAIN}; gcc -shared -Wl,--whole-archive $OTHER/liban.a"
                                    " -Wl,--no-whole-archive -o libown.so; gcc main.c ./libown.so -o m")
        self.assert_links(result, records, "libown.so", ["liban.a"])

    def test_the_packages_own_dependency_file_is_written(self):
        for option in ("-Wl,--dependency-file=own.d", "-Wl,--dependency-file,own.d", "@options"):
            with self.subTest(option):
                shutil.rmtree(self.root)
                os.makedirs(os.path.join(self.root, ".voyager"))
                result, records = self.link(f"{STATIC}; {MAIN}; echo '-Wl,--dependency-file=own.d' >options;"
                                            f"gcc main.c $OTHER/liban.a -o m {option}; head -n 1 own.d; grep liban own.d")
                self.assert_links(result, records, "m", ["liban.a"])
                self.assertIn("m: ", result.stdout)

    def test_a_cross_compiler_gets_the_linker_of_its_target(self):
        cross = os.path.join(self.top, "libexec/gcc/alpha-none-elf/12/lto-wrapper")
        own = "/usr/bin/alpha-none-elf-ld"
        if os.path.exists(own) or not os.access("/usr/bin", os.W_OK):
            self.skipTest("no place for the linker of another machine")
        with open(own, "w", encoding="utf-8") as stream:
            stream.write("#!/bin/sh\necho alpha\n")
        self.addCleanup(os.remove, own)
        os.chmod(own, 0o755)
        result, _ = self.link(f"COLLECT_LTO_WRAPPER={cross} ld -o m main.o")
        self.assertIn("alpha", result.stdout)


del Stage

if __name__ == "__main__":
    unittest.main()
