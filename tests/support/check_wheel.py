"""Reads wheels as Python does, apart from the program that changed them: check_wheel.py NEW [OLD].

Fails unless every file of NEW has a line in its RECORD with the right hash and size and no line
lacks its file. With OLD, all but RECORD and our SBOM must be as in OLD: names, order, times, modes,
compressed sizes and content.
"""
import base64
import csv
import hashlib
import io
import sys
import zipfile

OURS = "sboms/nix-voyager.cdx.json"


def check_record(archive):
    names = archive.namelist()
    (record,) = [name for name in names if name.count("/") == 1 and name.endswith(".dist-info/RECORD")]
    rows = list(csv.reader(io.StringIO(archive.read(record).decode())))
    lines = {path: (digest, size) for path, digest, size in rows}
    assert len(lines) == len(rows), "RECORD has a file twice"
    assert len(set(names)) == len(names), "the archive has a file twice"
    assert set(lines) == {name for name in names if not name.endswith("/")}, "RECORD and the files differ"
    assert lines.pop(record) == ("", ""), "RECORD has a hash of itself"
    for path, (digest, size) in lines.items():
        data = archive.read(path)
        right = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        assert digest == "sha256=" + right and size == str(len(data)), path
    return {record, record.replace("RECORD", OURS)}


def described(archive, ours):
    return [
        (one.filename, one.date_time, one.external_attr, one.create_system, one.compress_type,
         one.compress_size, one.file_size, one.CRC, one.extra, one.comment, one.flag_bits)
        for one in archive.infolist()
        if one.filename not in ours
    ]


new = zipfile.ZipFile(sys.argv[1])
assert new.testzip() is None, "a member is damaged"
ours = check_record(new)
assert ours <= set(new.namelist()), "there is no SBOM"
if len(sys.argv) > 2:
    old = zipfile.ZipFile(sys.argv[2])
    assert described(new, ours) == described(old, ours), "other members changed"
    for name in old.namelist():
        assert name in ours or old.read(name) == new.read(name), name
print(len(new.namelist()))
