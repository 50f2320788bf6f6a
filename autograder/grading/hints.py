"""What usually causes an exception in a student's code: a table from its type and text to a sentence.

It holds what is so in every course. An assignment adds its own, in `assignment.toml`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.messages import Message

Hint = tuple[str, str, str]  # the exception's type, a regular expression that its text fits, the sentence

HINTS: tuple[Hint, ...] = (
    ("ValueError", r"not aligned|mismatch in its core dimension|could not be broadcast",
     "Two arrays' shapes do not fit: print `.shape` of both."),
    ("ValueError", r"truth value of an array",
     "An `if` or `while` compares a whole array: compare one number, or use a NumPy function."),
    ("ValueError", r"(not enough|too many) values to unpack",
     "The number of names on the left differs from the number of values that the function returns."),
    ("TypeError", r"cannot unpack non-iterable NoneType|'NoneType' object is not subscriptable",
     "A function returned None: is its `return` missing?"),
    ("TypeError", r"unhashable type: '(numpy\.)?ndarray'",
     "An array is used as a key of a dictionary: turn it into a number first."),
    ("TypeError", r"'NoneType'", "A value is None: does a function that you call lack its `return`?"),
    ("TypeError", r"positional argument|keyword argument",
     "The call and the function's parameters do not match: compare them with the exercise's text."),
    ("IndexError", r"out of bounds|out of range",
     "An index lies outside of the array or list. Sizes differ from call to call: take them from `.shape` or `len`."),
    ("KeyError", r"", "The dictionary has no such key: print its keys."),
    ("NameError", r"", "The name is not known where it is used: is it spelled right, and defined in a cell above?"),
    ("UnboundLocalError", r"", "The variable is read before it is given a value in this function."),
    ("RecursionError", r"", "A function calls itself without end."),
    ("ModuleNotFoundError", r"",
     "Where notebooks are graded, this module is not installed, and no file of yours is there: is it needed?"),
    ("ImportError", r"cannot import name",
     "The version that is installed where notebooks are graded has no such name: is it spelled right?"),
    ("AttributeError", r"^module '[\w.]+' has no attribute",
     "The version that is installed where notebooks are graded has no such name: is it spelled right?"),
    ("FileNotFoundError", r"",
     "Only files that were handed out are there, and a path starts where the notebook lies: is it spelled right?"),
)  # fmt: skip


def hint_for(kind: str, text: str, own: Sequence[Hint] = ()) -> Message | None:
    """The sentence for an exception of type `kind` with message `text`: the assignment's `own`, or ours, or none."""
    for known, pattern, hint in (*own, *HINTS):
        if kind == known and re.search(pattern, text):
            return Message(hint)
    return None
