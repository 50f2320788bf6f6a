"""What every command says in one line, instead of a traceback."""


class CannotGrade(Exception):
    """Nothing comes of this command; the text says why, and what to do."""
