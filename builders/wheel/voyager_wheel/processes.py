"""Forked children: each gets this interpreter as it is, without the cost of starting another one.

PEP 517 wants a process of its own for each hook, since backends change sys.path, the environment and so on.
"""
import json
import os
import signal
import sys
import traceback

from .errors import Failure


class Child:
    """A function that runs in a forked child."""

    def __init__(self, function, *arguments):
        # In memory instead of a pipe: neither size nor a daemon that the backend leaves behind can block it.
        self._answer = os.memfd_create("voyager")
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if self._pid == 0:
            _run_and_exit(self._answer, function, arguments)

    def result(self):
        """Waits; returns what the function returned (JSON values), or raises Failure with the child's text."""
        _, status = os.waitpid(self._pid, 0)
        with os.fdopen(self._answer, "rb") as stream:
            stream.seek(0)
            text = stream.read()
        if os.WIFSIGNALED(status):
            raise Failure(f"the build was killed by signal {signal.Signals(os.WTERMSIG(status)).name}")
        if not text:
            raise Failure(f"the build backend ended the process itself (status {os.WEXITSTATUS(status)})")
        answer = json.loads(text)
        if "failure" in answer:
            raise Failure(answer["failure"])
        return answer["value"]


def run(function, *arguments):
    """Runs function(*arguments) in a child and waits for it; see Child.result."""
    return Child(function, *arguments).result()


def _run_and_exit(answer_fd, function, arguments):
    try:
        answer = {"value": function(*arguments)}
    except Failure as failure:
        answer = {"failure": str(failure)}
    except BaseException as error:
        traceback.print_exc()
        answer = {"failure": f"the build failed: {describe(error)}"}
    try:
        with os.fdopen(answer_fd, "wb", closefd=False) as stream:
            stream.write(json.dumps(answer).encode())
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(0)


def describe(error):
    """An exception in a few words, without line ends."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
