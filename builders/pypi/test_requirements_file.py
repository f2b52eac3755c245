"""What requirements files mean: the cases of tests/requirements-files.json, which those of lib/ are tested with, too."""
import json
import os
import re
import sys
import types
import unittest
from unittest import mock

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
from voyager_pypi import requirements_file  # noqa: E402
from voyager_pypi.errors import Failure  # noqa: E402

TABLE = os.path.join(os.path.dirname(os.path.dirname(HERE)), "tests/requirements-files.json")
DIGITS = {"a": "a1" * 32, "b": "b2" * 32, "C": "C3" * 32}


class Anything:
    """An index that has every version of every project."""

    def links(self, name, version):
        return [(name, version)]


def read(text):
    """(what is required, lines that are refused) of a file."""
    found = {}

    def choose(_what, links, hashes):
        (name, version), = links
        found.setdefault(name.lower(), {"name": name, "version": version, "hashes": hashes})
        return types.SimpleNamespace(filename="file", hashes={"sha256": hashes[0]}, hash=None, hash_name=None)

    try:
        with mock.patch.object(requirements_file, "choose_of_hashes", choose):
            written = requirements_file.pin(text, Anything())
    except Failure as failure:
        return None, [int(re.match(r"line (\d+): ", line).group(1)) for line in str(failure).splitlines()]
    for one in found.values():
        extras = re.search(rf"^{re.escape(one['name'])}(?:\[(.*)\])?==", written, re.MULTILINE).group(1)
        one["extras"] = extras.split(",") if extras else []
    return list(found.values()), []


class RequirementsFileTest(unittest.TestCase):
    maxDiff = None

    def test_the_common_cases(self):
        with open(TABLE, encoding="utf-8") as stream:
            cases = json.load(stream)["cases"]
        self.assertGreater(len(cases), 15)
        for case in cases:
            with self.subTest(case["name"]):
                means = [{**{key: one[key] for key in ("name", "version", "extras")}, "hashes": [DIGITS[name].lower() for name in one["hashes"]]}
                         for one in case["means"]] if "means" in case else None
                text = re.sub(r"\{(\w)\}", lambda match: DIGITS[match.group(1)], case["text"])
                self.assertEqual(read(text), (means, [] if "means" in case else case["refused"]))


if __name__ == "__main__":
    unittest.main()
