"""The parts of build.py. They need those of builders/wheel on sys.path."""
