"""The one kind of error that people see without a traceback."""


class Failure(Exception):
    """Something that we refuse or that a backend did wrong; its text is for people, one problem a line."""
