"""What an archive may unpack to: as stage.sh of builders/build has it."""
import os

from .errors import Failure

LEAST_BOUND = 256 << 20
MOST_RATIO = 200
MOST_BOUND = 64 << 30


def bound_of(path):
    """Bytes that the archive at the path may unpack to."""
    return min(max(LEAST_BOUND, MOST_RATIO * os.path.getsize(path)), MOST_BOUND)


def bomb(path):
    """The Failure for an archive that unpacks to more."""
    return Failure(f"'{path}' unpacks to more than {bound_of(path)} bytes, {MOST_RATIO} times its size or more: "
                   "it looks like a bomb")


def refuse_bomb(archive, path):
    """Raises Failure for an open zip that is one: Python unpacks no more of a member than the archive says that it has."""
    if sum(member.file_size for member in archive.infolist()) > bound_of(path):
        raise bomb(path)
