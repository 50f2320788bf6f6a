"""What usually causes an exception in a student's NumPy code: a table from its type and text to a sentence."""

from __future__ import annotations

import re

from autograder.messages import Message

HINTS: tuple[tuple[str, str, str], ...] = (
    ("ValueError", r"not aligned|mismatch in its core dimension|could not be broadcast",
     "Two arrays' shapes do not fit: print `.shape` of both. A vector of shape (n,) is no column of shape (n, 1)."),
    ("ValueError", r"probabilities do not sum to 1|probabilities are not non-negative",
     "`p` has to be the probabilities of one draw: is the softmax applied to the right values?"),
    ("ValueError", r"'?p'? must be 1-dimensional",
     "`np.random.choice` wants a flat array of probabilities; `.ravel()` makes one of a column."),
    ("ValueError", r"a' and 'p' must have same size",
     "There has to be one probability for each index that can be drawn."),
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
    ("FileNotFoundError", r"", "Files lie beside the notebook, as in `datasets/`; paths start there."),
)  # fmt: skip


def hint_for(kind: str, text: str) -> Message | None:
    """The sentence for an exception of type `kind` with message `text`, where one is known."""
    for known, pattern, hint in HINTS:
        if kind == known and re.search(pattern, text):
            return Message(hint)
    return None
