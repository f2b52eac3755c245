"""count_python.py COUNTS FOLDER...: runs the unittest tests in the folders, each in its own
process, and writes "passed failed" to the file COUNTS."""
import subprocess
import sys

RUN = """
import sys, unittest
suite = unittest.defaultTestLoader.discover(sys.argv[1], pattern="test_*.py", top_level_dir=sys.argv[1])
result = unittest.TextTestRunner(verbosity=1).run(suite)
failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
print(max(0, result.testsRun - failed - len(result.skipped)), failed)
"""


def main(counts, folders):
    passed = failed = 0
    for folder in folders:
        run = subprocess.run([sys.executable, "-c", RUN, folder], stdout=subprocess.PIPE, text=True)
        try:
            here = [int(word) for word in run.stdout.split()[-2:]]
            passed, failed = passed + here[0], failed + here[1]
        except (IndexError, ValueError):
            print(f"the tests in {folder} did not come to an end", file=sys.stderr)
            failed += 1
    with open(counts, "w", encoding="ascii") as file:
        file.write(f"{passed} {failed}\n")
    return 1 if failed else 0


sys.exit(main(sys.argv[1], sys.argv[2:]))
