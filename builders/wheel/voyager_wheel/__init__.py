"""The parts of build.py. Only the standard library is imported before a child process is forked."""
