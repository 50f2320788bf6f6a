"""The law of `sample`: networks whose names tell a wrong sampler, and how their letters are compared with it.

A right sampler draws each letter by the probabilities that the network gives after the letters before it. These can be
computed for every name that a student's `sample` returns, whatever it draws with. `python -m benchmarks.sampling`
prints how likely it is that a right sampler is rejected, and a wrong one not.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from dinosaur_inputs import (
    CERTAIN,
    LONGEST,
    NOTEBOOKS,
    as_indices,
    blank_network,
    network,
    step,
    vocabulary,
    within,
)

Parameters = dict[str, np.ndarray]

FALSE_REJECTS = 9e-7  # of all comparisons of a submission together
COMPARISONS = 15_000  # as many are made at most
FIRST_LOOK = 250  # names; most wrong samplers show in them
SECOND_LOOK = 1500  # names; where nothing of them is doubtful, no more are drawn
DOUBTFUL = 10.0  # a surprise below this raises no doubt
MANY = 70  # names of one network that have to come out exactly
AT_ONCE = 125  # names that are drawn in one go
SHARPER, FLATTER = (
    "In {names} names from one network, likely letters came out more often than their probabilities say, and unlikely "
    "ones less often.",
    "In {names} names from one network, unlikely letters came out more often than their probabilities say, and likely "
    "ones less often.",
)
SEEDS_APART = 1000  # so that the streams of two names do not overlap
SPLIT, LIKELIEST, AFTER_LETTER, AFTER_MEMORY, AGAIN = (  # what is compared; the sentence where it differs
    "Letter {number} of {names} names from one network was one of {letters} in {share:.2%} of them. By the network's "
    "probabilities it should be in about {chance:.2%}.",
    "Letter {number} of {names} names from one network was the likeliest one in {share:.2%} of them. By the network's "
    "probabilities it should be in about {chance:.2%}.",
    "Letter {number} of {names} names from one network was one that the letter before makes likelier in {share:.2%} of "
    "them. By the network's probabilities it should be in about {chance:.2%}.",
    "Letter {number} of {names} names from one network was one that the hidden state before makes likelier in "
    "{share:.2%} of them. By the network's probabilities it should be in about {chance:.2%}.",
    "Letter {number} of {names} names from one network was the same as in the call before in {share:.2%} of them. By "
    "the network's probabilities it should be in about {chance:.2%}.",
)
LIMIT = math.log(2 * COMPARISONS / FALSE_REJECTS)  # a surprise above this rejects a sampler
RESOLUTION = 1e-7  # how far a determined draw is from a boundary


@dataclass(frozen=True)
class Case:
    """A network, the number of its newline, and how many names are drawn from it."""

    parameters: Parameters
    newline: int
    count: int

    @cached_property
    def char_to_ix(self) -> dict[str, int]:
        """The vocabulary."""
        return vocabulary(len(self.parameters["by"]), self.newline)


LAW_CASES = ("short 0", "short 4", "short 2", "lively", "one letter", "constant")


@lru_cache(maxsize=4 * len(LAW_CASES))  # the same for all students
def law_case(seed: int, name: str) -> Case:
    """The network that one of LAW_CASES stands for.

    "short" ones make short names. In "lively", the letter before and the memory matter up to the fiftieth letter. "one
    letter" and "constant" have chances that never change: there a total variation of 0.1 shows, at the first letter, at
    any later one and between calls.
    """
    match name.split():
        case "short", newline:
            number = int(newline)
            return Case(short_names(np.random.default_rng([seed, 2, number]), number), number, 500)
        case ["lively"]:
            return Case(long_names(np.random.default_rng([seed, 3])), 0, 700)
        case _:
            number, one_letter = LAW_CASES.index(name), name == "one letter"
            return Case(constant(np.random.default_rng([seed, 4, number]), one_letter=one_letter), 0, 3000)


def short_names(rng: np.random.Generator, newline: int) -> Parameters:
    """A network of five characters with names of two to four on average, none of them rare at the beginning."""
    while True:
        parameters = network(rng, 6, 5)
        parameters["by"][newline] = rng.uniform(-1, 1)
        names = drawn(parameters, newline, 300, rng)
        first = step(parameters, None, np.zeros((6, 1)))[0]
        if 1 < (names != newline).sum(axis=1).mean() < 3 and first.min() > 0.08 and first.max() < 0.6:
            return parameters


def long_names(rng: np.random.Generator) -> Parameters:
    """A network of five letters and no newline, in which the letter before and the memory matter, at every position.

    Its first letter is another when something is left over from the call before.
    """
    while True:
        parameters = network(rng, 8, 6, sharpness=2)
        parameters["Wax"] *= 0.8
        parameters["Waa"] *= 1.6
        parameters["by"][0] = -CERTAIN
        names = drawn(parameters, 0, 200, rng)
        laws = list(probabilities(parameters, names))
        influence = [(_variation(p, blind), _variation(p, forgetful)) for p, blind, forgetful, _ in laws[1:]]
        first, last_state = laws[0][0], laws[-1][3]
        left_over = (step(parameters, None, last_state)[0], step(parameters, names[:, -1], 0 * last_state)[0])
        changes = [_variation(first, one.mean(axis=1, keepdims=True)) for one in left_over]
        if np.min(influence) > 0.2 and min(changes) > 0.2 and first.max() < 0.6:
            return parameters


def constant(rng: np.random.Generator, *, one_letter: bool = False) -> Parameters:
    """A network that gives six letters the same probabilities always, between 0.1 and 0.25.

    It never draws the newline or, for `one_letter`, always after the first letter.
    """
    parameters = blank_network(2, 7)
    if one_letter:  # the first unit is on, and turns on the second in the next step
        parameters["b"][0], parameters["Waa"][1, 0], parameters["Wya"][0, 1] = 5, 5, 3 * CERTAIN
    while True:
        p = rng.dirichlet(np.full(6, 20))
        if p.min() > 0.1 and p.max() < 0.25:
            parameters["by"][:, 0] = [-CERTAIN, *np.log(p)]
            return parameters


def _variation(p: np.ndarray, other: np.ndarray) -> float:
    """The mean total variation between columns of probabilities."""
    return float(np.abs(p - other).sum(axis=0).mean() / 2)


def drawn(parameters: Parameters, newline: int, count: int, rng: np.random.Generator) -> np.ndarray:
    """Names of a right sampler: (count, LONGEST), newlines from their end on."""
    names = np.full((count, LONGEST), newline)
    a, letters, running = np.zeros((len(parameters["b"]), count)), None, np.ones(count, bool)
    for t in range(LONGEST):
        p, a = step(parameters, letters, a)
        letters = np.minimum((p.cumsum(axis=0) < rng.random(count)).sum(axis=0), len(p) - 1)
        names[running, t] = letters[running]
        running &= letters != newline
        if not running.any():
            break
    return names


def probabilities(parameters: Parameters, names: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
    """For each position: the law of the letter after those before it, (characters, names); the same without the letter
    before, and without memory; and the hidden states.
    """
    a, letters = np.zeros((len(parameters["b"]), len(names))), None
    for t in range(names.shape[1]):
        blind, forgetful = step(parameters, None, a)[0], step(parameters, letters, 0 * a)[0]
        p, a = step(parameters, letters, a)
        yield p, blind, forgetful, a
        letters = names[:, t]


@dataclass(frozen=True)
class Comparison:
    """How often letters of a set came out at a position, and how likely they are on average over the names."""

    template: str
    position: int
    letters: tuple[int, ...]
    drawn: int
    names: int
    chance: float

    @property
    def share(self) -> float:
        """How often they came out."""
        return self.drawn / self.names

    @property
    def surprise(self) -> float:
        """How surprising it is of a right sampler: above LIMIT in one of a hundred million submissions only.

        Given the letters before, the names' letters are independent: by Chernoff's bound n * KL(share || chance)
        exceeds LIMIT with a probability of at most FALSE_REJECTS / COMPARISONS.
        """
        return self.names * divergence(self.share, self.chance)


def divergence(f: float, p: float) -> float:
    """Kullback-Leibler divergence of a coin with chance f from one with chance p."""
    terms = [(f, p), (1 - f, 1 - p)]
    return sum(a * math.log(a / max(b, 1e-300)) for a, b in terms if a > 0)


def comparisons(case: Case, names: np.ndarray, positions: range) -> Iterator[Comparison]:
    """What is compared of the `names`, (names, LONGEST), at some positions.

    At each: all ways to split the characters in two, the likeliest one, those that the letter before and those that the
    memory makes likelier, and the letter that the call before drew there: for every second call, and for the others.
    """
    size = len(case.parameters["by"])
    possible = [index for index in range(size) if case.parameters["by"][index, 0] > -CERTAIN]
    splits = [chosen for count in range(1, len(possible)) for chosen in itertools.combinations(possible, count)
              if possible[0] in chosen]  # fmt: skip
    in_split = np.array([np.isin(np.arange(size), split) for split in splits], float)
    running = np.ones(len(names), bool)
    for t, (p, blind, forgetful, _) in enumerate(probabilities(case.parameters, names)):
        here = names[:, t]
        if t in positions and running.any():
            count, p_here, drawn_here = int(running.sum()), p[:, running], here[running]
            hits = in_split @ np.bincount(drawn_here, minlength=size)
            for split, hit, chance in zip(splits, hits, in_split @ p_here.mean(axis=1), strict=True):
                yield Comparison(SPLIT, t, split, int(hit), count, float(chance))
            rules = [(LIKELIEST, p_here == p_here.max(axis=0))]
            if t:
                rules += [(AFTER_LETTER, p_here > blind[:, running]), (AFTER_MEMORY, p_here > forgetful[:, running])]
            for template, rule in rules:
                hit = rule[drawn_here, np.arange(count)].sum()
                yield Comparison(template, t, (), int(hit), count, float((p_here * rule).sum(axis=0).mean()))
            again = here[1:] == here[:-1]
            chances = p[here[:-1], np.arange(1, len(names))]
            pair = running[:-1] & running[1:]
            for others in (slice(0, None, 2), slice(1, None, 2)):  # no call is in two of these pairs
                if (some := pair[others]).any():
                    yield Comparison(AGAIN, t, (), int(again[others][some].sum()), int(some.sum()),
                                     float(chances[others][some].mean()))  # fmt: skip
        running &= here != case.newline


def leanings(case: Case, names: np.ndarray, positions: range) -> Iterator[tuple[str, float]]:
    """How much the letters at all these positions together lean: SHARPER and FLATTER, and how surprising that is.

    The surprise is the logarithm of how much likelier the names are under a law that leans so. Of a right sampler that
    ratio exceeds a number with a probability of at most one over that number (Markov), whatever the network.
    """
    for template, exponent in ((SHARPER, 1.1), (FLATTER, 0.9)):
        running, ratio = np.ones(len(names), bool), 0.0
        for t, (p, *_) in enumerate(probabilities(case.parameters, names)):
            drawn = names[:, t], np.arange(len(names))
            if t in positions:
                leaning = p**exponent / (p**exponent).sum(axis=0)
                ratio += float(np.log(leaning[drawn] / p[drawn])[running].sum())
            running &= names[:, t] != case.newline
        yield template, ratio


def as_matrix(names: list[list[int]], newline: int) -> np.ndarray:
    """Names as rows of LONGEST characters, newlines from their end on."""
    return np.array([[*name[:LONGEST], *[newline] * (LONGEST - len(name))] for name in names])


@lru_cache(maxsize=4)  # the same for all students
def stream_cases(reference: Any, seed: int) -> list[tuple[Case, list[int], list[list[int]]]]:
    """Networks, seeds, and the names that come out when the exercise is followed to the letter.

    Few names of several networks, and many of one: a law that is off by 0.1 at any position shows in MANY. All have the
    sizes of the notebook's example.
    """
    rng = np.random.default_rng([seed, 1])
    cases = []
    while len(cases) < 4:
        vocab_size, n_a = int(rng.integers(5, 12)), int(rng.integers(3, 15))
        parameters, newline = network(rng, n_a, vocab_size), int(rng.integers(vocab_size)) if cases else 0
        parameters["by"][newline] -= 2  # names of some length
        case = Case(within(parameters, *NOTEBOOKS), newline, 1)
        starts, names = determined_names(case, reference, rng)
        if 5 < len(names[0]) < LONGEST:
            cases.append((case, starts, names))
    many = Case(within(law_case(seed, "lively").parameters, *NOTEBOOKS), 0, MANY)
    return [*cases, (many, *determined_names(many, reference, rng))]


def determined_names(case: Case, reference: Any, rng: np.random.Generator) -> tuple[list[int], list[list[int]]]:
    """Seeds and names of which no draw is near a boundary of the cumulative distribution."""
    starts: list[int] = []
    names: list[list[int]] = []
    while len(names) < case.count:
        some = [SEEDS_APART * int(one) for one in rng.integers(1, 100_000, case.count)]
        outcomes = [reference.sample(case.parameters, case.char_to_ix, start) for start in some]
        drawn_names = [as_indices(outcome.returned) for outcome in outcomes]
        margins = smallest_margins(case, drawn_names, some)
        certain = [number for number, margin in enumerate(margins) if margin > RESOLUTION]
        starts += [some[number] for number in certain]
        names += [drawn_names[number] for number in certain]
    return starts[: case.count], names[: case.count]


def smallest_margins(case: Case, names: list[list[int]], seeds: list[int]) -> np.ndarray:
    """How near the nearest draw of `sample` came to a boundary of the cumulative distribution, in each name.

    Draw number t is seeded with `counter + seed`, both grown by t, and compares one uniform number with the boundaries.
    """
    margins, stream = np.ones(len(names)), np.random.RandomState()
    for t, (p, *_) in enumerate(probabilities(case.parameters, as_matrix(names, case.newline))):
        for number, (name, seed) in enumerate(zip(names, seeds, strict=True)):
            if t < len(name):
                stream.seed(seed + 2 * t)
                margin = np.abs(p[:, number].cumsum() - stream.random_sample()).min()
                margins[number] = min(margins[number], margin)
    return margins
