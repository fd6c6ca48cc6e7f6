"""The one exception that is meant for people."""


class StudyError(Exception):
    """A mistake in a study's configuration or data that its owner can mend.

    The message is one line: what was given, what is allowed, which key or file, what to do.
    """
