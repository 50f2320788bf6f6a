"""Inputs for the hidden checks: random gradients, small networks, vocabularies; and what a network's step gives."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from autograder.grading.compare import CheckFailed, short
from autograder.grading.outcome import CallFailed
from autograder.messages import Message

GRADIENTS = ("dWax", "dWaa", "dWya", "db", "dby")
PARAMETERS = ("Wax", "Waa", "Wya", "b", "by")
CERTAIN = 40.0  # a score so far above the others that theirs never come: their probabilities are exp(-40)
LONGEST = 50  # letters of a name
NEVER = -500.0  # a score so low that no chance is left
NOTEBOOKS = (100, 27)  # hidden units and characters of the notebook's own example of `sample`
LETTERS = "abcdefghijklmnopqrstuvwxyz"
Letter = int | np.ndarray | None  # the character before: of one name, of each of several, or none


@contextlib.contextmanager
def saying(template: str, /, **values: object) -> Iterator[None]:
    """Add to what a check says on which input it was: the student's notebook has another one, and other numbers."""
    where = Message(template, **values)
    try:
        yield
    except CheckFailed as error:
        raise CheckFailed("{what} {where}", error.picture, what=error.message, where=where) from None
    except CallFailed as error:
        if error.kind in ("NotDefined", "NotImplementedError"):
            raise
        raise CallFailed(Message("{what} {where}", what=error.message, where=where), error.kind, error.said) from None


def shapes(n_a: int, n_x: int, n_y: int) -> dict[str, tuple[int, int]]:
    """The shape of each parameter of a network with these sizes."""
    return {"Wax": (n_a, n_x), "Waa": (n_a, n_a), "Wya": (n_y, n_a), "b": (n_a, 1), "by": (n_y, 1)}


def gradients(rng: np.random.Generator, n_a: int, n_x: int, n_y: int, scale: float = 10.0) -> dict[str, np.ndarray]:
    """Normal random gradients of standard deviation `scale`."""
    return {f"d{name}": rng.normal(0, scale, shape) for name, shape in shapes(n_a, n_x, n_y).items()}


def vocabulary(size: int, newline: int = 0) -> dict[str, int]:
    """`char_to_ix` of `size` characters in which the newline has the number `newline`."""
    letters = iter(LETTERS)
    return {"\n" if i == newline else next(letters): i for i in range(size)}


def network(rng: np.random.Generator, n_a: int, vocab_size: int, sharpness: float = 1.5) -> dict[str, np.ndarray]:
    """Random parameters of a calm network: rounding differences do not grow from step to step."""
    sizes = shapes(n_a, vocab_size, vocab_size)
    scales = {"Wax": 1.0, "Waa": 0.9 / np.sqrt(n_a), "Wya": sharpness / np.sqrt(n_a / 4), "b": 0.3, "by": 0.5}
    return {name: rng.normal(0, scales[name], sizes[name]) for name in PARAMETERS}


def blank_network(n_a: int, vocab_size: int) -> dict[str, np.ndarray]:
    """Parameters that are all zero: every character is equally likely, always."""
    return {name: np.zeros(shape) for name, shape in shapes(n_a, vocab_size, vocab_size).items()}


def within(parameters: dict[str, np.ndarray], n_a: int, vocab_size: int) -> dict[str, np.ndarray]:
    """The same network, enlarged to these sizes by hidden units that do nothing and characters that never come."""
    larger = blank_network(n_a, vocab_size)
    larger["by"][:] = NEVER
    for name, value in parameters.items():
        larger[name][tuple(map(slice, value.shape))] = value
    return larger


def step(parameters: dict[str, np.ndarray], letter: Letter, a_prev: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (vocabulary, names) of the next characters and the hidden states (n_a, names), as is asked for."""
    z = parameters["Waa"] @ a_prev + parameters["b"]
    if letter is not None:
        z = z + parameters["Wax"][:, letter].reshape(len(z), -1)
    a = np.tanh(z)
    y = parameters["Wya"] @ a + parameters["by"]
    e = np.exp(y - y.max(axis=0))
    return e / e.sum(axis=0), a


def as_indices(returned: Any) -> list[int]:
    """What `sample` returned as a list of whole numbers. Raises CheckFailed on anything else."""
    if isinstance(returned, np.ndarray) and returned.ndim == 1:
        returned = list(returned)
    if not isinstance(returned, list | tuple):
        raise CheckFailed("`sample` should return a list of indices; yours returned {seen}.", seen=short(returned))
    for i, index in enumerate(returned):
        if isinstance(index, bool) or not isinstance(index, int | np.integer):
            raise CheckFailed(
                "Each entry that `sample` returns should be a whole number; entry {place} is {seen}.",
                place=i,
                seen=short(index),
            )
    return [int(index) for index in returned]
