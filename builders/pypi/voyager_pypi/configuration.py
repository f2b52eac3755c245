"""pip's configuration files of another machine: one file that says what they say together."""
import configparser
import json
import os

from .errors import Failure


# What is followed. The rest (require-virtualenv, user, constraint, log …) is about that machine's Python and its files;
# `cert` is sent beside them, as the file that it names is there.
FOLLOWED = ("index-url", "extra-index-url", "trusted-host", "proxy", "timeout", "default-timeout", "retries")


def follow_files(folder):
    """Has pip here read what the files of VOYAGER_PIP_FILES say, for which it writes a file to the folder.

    The variable has JSON, a list of [path here, path on the machine] in which a later file wins. Raises Failure.
    """
    files = json.loads(os.environ.pop("VOYAGER_PIP_FILES", "null"))
    if files is None:
        return
    path = os.path.join(folder, "merged-pip.conf")
    # Addresses may have passwords.
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as stream:
        merge(files).write(stream)
    os.environ["PIP_CONFIG_FILE"] = path


def merge(files):
    """The settings of the files that are followed, as pip merges them: each name of a section is that of the last file that has it."""
    merged = configparser.RawConfigParser()
    for path, name in files:
        parser = configparser.RawConfigParser()
        try:
            with open(path, encoding="utf-8") as stream:
                parser.read_file(stream, name)
        except (configparser.Error, UnicodeDecodeError) as error:
            raise Failure(f"pip's configuration file {name} cannot be read: {' '.join(str(error).split())}; correct it "
                          "(pip itself refuses it, too), or set PIP_CONFIG_FILE=/dev/null and give --index")
        for section in parser.sections():
            if not merged.has_section(section):
                merged.add_section(section)
            for key, value in parser.items(section):
                # All spellings are one setting.
                setting = key.replace("_", "-").removeprefix("--")
                if setting in FOLLOWED:
                    merged.set(section, setting, value)
    return merged
