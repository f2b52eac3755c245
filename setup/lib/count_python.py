"""count_python.py COUNTS FOLDER: runs the unittest tests of the folder and writes the line
"passed failed" to the file COUNTS. A skipped test counts as neither."""
import sys
import unittest

counts, folder = sys.argv[1:]
result = unittest.TextTestRunner().run(unittest.defaultTestLoader.discover(folder, pattern="test_*.py"))
failed = len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses)
with open(counts, "w", encoding="ascii") as file:
    file.write(f"{max(0, result.testsRun - failed - len(result.skipped))} {failed}\n")
sys.exit(1 if failed else 0)
