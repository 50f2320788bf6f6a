"""Inputs for the hidden checks: random gradients, small networks, vocabularies, and what `model` printed."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from autograder.grading.compare import CheckFailed, short

GRADIENTS = ("dWax", "dWaa", "dWya", "db", "dby")
PARAMETERS = ("Wax", "Waa", "Wya", "b", "by")
LINE = 500  # as much of a printed line is looked at
NUMBER = r"[-+]?[0-9]+(?:\.[0-9]*)?(?:e[-+]?[0-9]{1,2})?|\bnan\b|-?\binf\b"
TELLING = 0.1  # nats: twice and more what is taken for chance in as many names as are drawn
LETTERS = "abcdefghijklmnopqrstuvwxyz"
Letter = int | np.ndarray | None  # the character before: of one name, of each of several, or none


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


def step(parameters: dict[str, np.ndarray], letter: Letter, a_prev: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities (vocabulary, names) of the next characters and the hidden states (n_a, names), as is asked for."""
    z = parameters["Waa"] @ a_prev + parameters["b"]
    if letter is not None:
        z = z + parameters["Wax"][:, letter].reshape(len(z), -1)
    a = np.tanh(z)
    y = parameters["Wya"] @ a + parameters["by"]
    e = np.exp(y - y.max(axis=0))
    return e / e.sum(axis=0), a


Step = Callable[[dict[str, np.ndarray], Letter, np.ndarray], tuple[np.ndarray, np.ndarray]]


@lru_cache(maxsize=16)  # the same for all students
def chatty_case(
    seeds: tuple[int, ...], n_a: int, vocab_size: int, newline: int, positions: tuple[int, ...],
    lengths: tuple[float, float],
) -> tuple[dict[str, np.ndarray], dict[tuple[int, ...], float]]:  # fmt: skip
    """A random network whose names have on average a length within `lengths`, and whose letters matter to the next.

    With it comes the law of its characters at `positions`.
    """
    rng = np.random.default_rng(seeds)
    while True:
        parameters = network(rng, n_a, vocab_size, sharpness=2)
        parameters["b"] *= 4
        score, low, high = float(parameters["by"][newline, 0]), -20.0, 20.0
        for _ in range(10):  # the higher the newline's score, the shorter the names
            mean = _mean_length(parameters, newline, seeds)
            if lengths[0] <= mean <= lengths[1]:
                table = law(parameters, newline, positions)
                if all(_tells(table, law(parameters, newline, positions, other)) for other in (blind, forgetful)):
                    return parameters, table
                break
            middle = (low + high) / 2
            low, high = (low, middle) if mean < lengths[0] else (middle, high)
            parameters["by"][newline] = score + (low + high) / 2


def _tells(table: dict[tuple[int, ...], float], other: dict[tuple[int, ...], float]) -> bool:
    """Whether a sampler with the `other` law is soon found out; the first letter alone tells nothing of the next."""
    return len(next(iter(table))) == 1 or max(divergence(other.get(cell, 0), p) for cell, p in table.items()) > TELLING


def divergence(f: float, p: float) -> float:
    """Kullback-Leibler divergence of a coin with chance f from one with chance p."""
    terms = [(f, p), (1 - f, 1 - p)]
    return sum(a * np.log(a / max(b, 1e-300)) for a, b in terms if a > 0)


def _mean_length(parameters: dict[str, np.ndarray], newline: int, seeds: tuple[int, ...]) -> float:
    """The mean length of 60 names; the same random numbers each time, so that one score more changes little."""
    count, total = 60, 0
    a, letters, running = np.zeros((len(parameters["b"]), count)), None, np.ones(count, bool)
    for draws in np.random.default_rng(seeds).random((50, count)):
        total += int(running.sum())
        p, a = step(parameters, letters, a)
        letters = np.minimum((p.cumsum(axis=0) < draws).sum(axis=0), len(p) - 1)
        running &= letters != newline
    return total / count


def smallest_margin(parameters: dict[str, np.ndarray], indices: list[int], seed: int) -> float:
    """How near the nearest draw of `sample` came to a boundary of the cumulative distribution.

    Draw number t is seeded with `counter + seed`, both grown by t, and compares one uniform number with the boundaries.
    """
    a, letter, margin = np.zeros((len(parameters["b"]), 1)), None, 1.0
    for t, index in enumerate(indices[:50]):
        p, a = step(parameters, letter, a)
        uniform = np.random.RandomState(seed + 2 * t).random_sample()
        margin, letter = min(margin, np.abs(p.cumsum() - uniform).min()), index
    return margin


@lru_cache(maxsize=4)  # the same for all students
def stream_cases(reference: Any, seed: int) -> list[tuple[dict[str, np.ndarray], dict[str, int], int, list[int]]]:
    """Random networks of which every draw is far from a boundary: (parameters, char_to_ix, seed, expected)."""
    rng = np.random.default_rng([seed, 1])
    cases = []
    while len(cases) < 4:
        vocab_size, n_a = int(rng.integers(5, 12)), int(rng.integers(3, 15))
        newline = int(rng.integers(vocab_size)) if cases else 0
        parameters, start = network(rng, n_a, vocab_size), 1000 * int(rng.integers(1, 1000))
        parameters["by"][newline] -= 2  # names of some length
        char_to_ix = vocabulary(vocab_size, newline)
        expected = as_indices(reference.sample(parameters, char_to_ix, start).returned)
        if 5 < len(expected) < 50 and smallest_margin(parameters, expected, start) > 1e-6:
            cases.append((parameters, char_to_ix, start, expected))
    return cases


def blind(parameters: dict[str, np.ndarray], letter: Letter, a_prev: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A step without the letter before."""
    return step(parameters, None, a_prev)


def forgetful(parameters: dict[str, np.ndarray], letter: Letter, a_prev: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A step without memory."""
    return step(parameters, letter, 0 * a_prev)


def law(
    parameters: dict[str, np.ndarray], newline: int, positions: tuple[int, ...], step: Step = step
) -> dict[tuple[int, ...], float]:
    """Exact joint probabilities of the characters at `positions`; after a name's end all are newlines."""
    table: dict[tuple[int, ...], float] = {}

    def walk(name: tuple[int, ...], probability: float, a: np.ndarray) -> None:
        if len(name) > positions[-1] or newline in name:
            cell = symbols_at(name, newline, positions)
            table[cell] = table.get(cell, 0.0) + probability
            return
        p, a = step(parameters, name[-1] if name else None, a)
        for letter, chance in enumerate(p[:, 0]):
            walk((*name, letter), probability * chance, a)

    walk((), 1.0, np.zeros((len(parameters["b"]), 1)))
    return table


def symbols_at(name: tuple[int, ...] | list[int], newline: int, positions: tuple[int, ...]) -> tuple[int, ...]:
    """The characters of a name at `positions`, newline where it is over."""
    return tuple(name[i] if i < len(name) else newline for i in positions)


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


@dataclass(frozen=True)
class PrintedLoss:
    """A number that `model` printed after the word loss, and where: all `lines`, stripped and in lower case."""

    text: str
    lines: list[str]
    at: int

    @property
    def following(self) -> list[str]:
        """The lines that were printed after it."""
        return self.lines[self.at + 1 :]

    @property
    def decimals(self) -> int:
        """How many decimals were printed; as many as one likes for nan and inf."""
        mantissa, _, exponent = self.text.partition("e")
        return len(mantissa.partition(".")[2]) - int(exponent or 0) if "." in mantissa else 99

    def agrees(self, expected: float) -> bool:
        """Equal as far as it was printed: half a unit of its last digit, and 1e-9 of rounding."""
        return bool(np.isclose(float(self.text), expected, rtol=1e-9, atol=0.5 * 10.0**-self.decimals, equal_nan=True))


def printed_losses(printed: str) -> list[PrintedLoss]:
    """The losses that `model` printed, in order. Raises CheckFailed when there are none.

    They stand where the notebook's own test looks for them, or else in lines with the word in another form.
    """
    lines = [line.strip() for line in printed.lower().splitlines()]
    found = []
    at = place = 0
    for match in re.finditer(rf"Loss:\s*({NUMBER})", printed):
        at, place = at + printed.count("\n", place, match.end()), match.end()
        found.append(PrintedLoss(match[1], lines, at))
    for at, line in enumerate(lines if not found else ()):
        _, loss, rest = line[:LINE].partition("loss")
        number = loss and (re.search(rf"[:=]\s*({NUMBER})", rest) or re.search(f"({NUMBER})", rest))
        if number:
            found.append(PrintedLoss(number[1], lines, at))
    if not found:
        raise CheckFailed("`model` should print lines such as `Iteration: 1, Loss: 23.087336`; none was found.")
    return found


def lines_after(names: list[str], lines: list[str]) -> list[str]:
    """What follows `names` in `lines`, where they stand in this order. Raises CheckFailed at the first missing one."""
    rest = lines
    for number, name in enumerate(names, 1):
        if name not in rest:
            raise CheckFailed(
                "Name {number} of the {count}, {name}, is not printed, or not in its place.",
                number=number,
                count=len(names),
                name=repr(name.capitalize()),
            )
        rest = rest[rest.index(name) + 1 :]
    return rest
