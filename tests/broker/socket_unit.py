"""Does what systemd does for a socket unit and its service: socket_unit.py PATH GID COMMAND…

Listens at PATH and hands the socket to the command, as sd_listen_fds(3) has it; starts the command again when it has
ended, until it is told to end itself.
"""
import os
import signal
import socket
import sys

path, gid, command = sys.argv[1], int(sys.argv[2]), sys.argv[3:]
listening = socket.socket(socket.AF_UNIX)
listening.bind(path)
os.chown(path, 0, gid)
os.chmod(path, 0o660)
listening.listen(100)

told = []


def hand_on(number, _frame):
    told.append(number)
    os.kill(child, number)


while not told:
    child = os.fork()
    if child == 0:
        os.dup2(listening.fileno(), 3)
        os.set_inheritable(3, True)  # it may have been that one already
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
        os.execvp(command[0], command)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, hand_on)
    os.waitpid(child, 0)
