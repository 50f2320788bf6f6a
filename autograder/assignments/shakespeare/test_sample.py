"""Hidden checks of `sample`: whatever it draws with, the indices come as often as the probabilities say.

A right `sample` is rejected in one of a thousand million submissions. How far the shares of k indices in n draws lie
from their probabilities is measured by n times the Kullback-Leibler divergence. It exceeds x with a probability of at
most exp(-x) * (e * x / (k - 1)) ** (k - 1) (Agrawal, "Finite-sample concentration of the multinomial", 2020). And the
draws are y times likelier under one given other law with a probability of at most 1 / y (Markov).
"""

from functools import lru_cache

import numpy as np
import pytest
from stand_ins import REPEATABLE

from autograder import CheckFailed, Picture
from autograder.grading.compare import short

DRAWS = {1.0: 800, 0.2: 400, 0.4: 400, 3.0: 300}  # by temperature
MOST = 40.0  # of the divergence times the draws: below 1e-10 for up to six indices
APART = 0.25  # the divergence of a law from those of likely mistakes, at least
SPREAD = {1.0: 1.1, 0.2: 1.1, 0.4: 1.1, 3.0: 0.4}  # the variance of the logarithms: so far a wrong power shows
LEANING = (1.35, 0.75)  # a power of the law, as of another logarithm or root
RATIO = 1e10
EVEN_DRAWS, EVEN_SEEN = 600, 35  # four or more of 38 are missed in fewer than one of 1e22 times


def bent(preds, temperature):
    """The probabilities at a temperature."""
    weights = np.asarray(preds, dtype=float) ** (1 / temperature)
    return weights / weights.sum()


def divergence(shares, law):
    """The Kullback-Leibler divergence of shares from a law without zeros."""
    some = shares > 0
    return float((shares[some] * np.log(shares[some] / law[some])).sum())


@lru_cache(maxsize=12)  # the same for all students
def a_case(seed, temperature):
    """Probabilities that show at this temperature whether it is left out, upside down, or has no logarithm."""
    rng = np.random.default_rng([seed, round(100 * temperature)])
    while True:
        preds = rng.dirichlet(np.full(int(rng.integers(4, 7)), 0.9))
        law = bent(preds, temperature)
        wrong = [preds, bent(preds, 1 / temperature)] if temperature != 1 else []
        if temperature <= 1:  # above it, this is hardly another law
            wrong += [bent(np.exp(preds), temperature), np.full(len(preds), 1 / len(preds))]
        spread = float(law @ np.log(law) ** 2 - (law @ np.log(law)) ** 2)
        shows = spread > SPREAD[temperature] and all(divergence(one, law) > APART for one in wrong)
        if shows and preds.min() > 0.005 and law.min() > 1e-4:
            return preds


def drawn(student, rows, *temperature):
    """The indices that the student's `sample` returned for the rows of a matrix: an array."""
    returned = student.with_cell(REPEATABLE).sample(rows, *temperature).returned
    if not isinstance(returned, list) or len(returned) != len(rows):  # not by our cell
        raise CheckFailed("Some calls of `sample` gave no index.")
    indices = []
    for seen in returned:
        index = seen[()] if isinstance(seen, np.ndarray) and seen.ndim == 0 else seen
        if isinstance(index, bool | np.bool_) or not isinstance(index, int | np.integer):
            raise CheckFailed("`sample` should return an index, a whole number; yours returned {seen}.",
                              seen=short(seen))  # fmt: skip
        if not 0 <= index < rows.shape[1]:
            raise CheckFailed("For {count} {count:probability|probabilities}, `sample` returned the index {seen}.",
                              count=rows.shape[1], seen=int(index))  # fmt: skip
        indices.append(int(index))
    return np.array(indices)


def assert_law(student, preds, temperature):
    """The indices come as often as they should at this temperature, which is not said where it is 1."""
    draws = DRAWS[temperature]
    rows = np.tile(preds, (draws, 1))
    counts = np.bincount(drawn(student, rows, *([temperature] if temperature != 1 else [])), minlength=len(preds))
    law, shares = bent(preds, temperature), counts / draws
    values = {"draws": draws, "temperature": temperature, "preds": str([round(float(p), 3) for p in preds])}
    if shares.max() == 1:
        raise CheckFailed(
            "At temperature {temperature:g}, all of {draws:,} draws from the probabilities {preds} gave the index "
            "{index}.",
            index=int(shares.argmax()),
            **values,
        )
    leaning = max(float(counts @ np.log(bent(law, 1 / power) / law)) for power in LEANING)
    if draws * divergence(shares, law) > MOST or leaning > np.log(RATIO):
        index = int(np.abs(shares - law).argmax())
        raise CheckFailed(
            "At temperature {temperature:g}, {share:.1%} of {draws:,} draws from the probabilities {preds} gave the "
            "index {index}. It should be about {chance:.1%}.",
            Picture(
                "bars",
                f"{draws:,} draws at temperature {temperature:g}",
                "index",
                "share",
                list(range(len(preds))),
                {"asked for": [float(p) for p in law], "yours": [float(share) for share in shares]},
            ),
            index=index,
            share=float(shares[index]),
            chance=float(law[index]),
            **values,
        )


@pytest.mark.points(1)
def test_returns_an_index(student, rng):
    """`sample` runs, and returns an index, for any number of probabilities."""
    for size in (2, 5, 38, 60):
        drawn(student, rng.dirichlet(np.ones(size), 10), 1.0)


@pytest.mark.points(1)
@pytest.mark.needs("test_returns_an_index")
def test_probabilities(student, seed):
    """At temperature 1, which it is unless something else is said, indices come as often as their probabilities say."""
    assert_law(student, a_case(seed, 1.0), 1.0)
    seen = drawn(student, np.full((EVEN_DRAWS, 38), 1 / 38, np.float32), 1.0)
    if len({*seen}) < EVEN_SEEN:
        raise CheckFailed(
            "In {draws} draws from 38 even probabilities, only {seen} of the indices came. All of them may come.",
            draws=EVEN_DRAWS,
            seen=len({*seen}),
        )


@pytest.mark.points(1)
@pytest.mark.needs("test_returns_an_index")
def test_temperatures(student, seed):
    """At other temperatures, they come as often as the bent probabilities say."""
    for temperature in (0.2, 0.4, 3.0):
        assert_law(student, a_case(seed, temperature), temperature)
    for place in range(3):
        preds = np.full(3, 0.15)
        preds[place] = 0.7
        if (drawn(student, np.tile(preds, (20, 1)), 0.05) != place).any():
            raise CheckFailed("From the probabilities {preds}, at temperature 0.05, always the likeliest should come.",
                              preds=str(preds.tolist()))  # fmt: skip


@pytest.mark.points(1)
@pytest.mark.needs("test_returns_an_index")
def test_what_networks_say(student, rng):
    """Probabilities in single precision, some of them next to nothing and others 0, are drawn from as well."""
    for temperature in (0.5, 0.6, 1.0):
        scores = rng.normal(0, 6, (100, 38))
        rows = np.exp(scores - scores.max(axis=1, keepdims=True))
        rows[:, 3:8], rows[:, 11] = 0, 1e-9
        rows = (rows / rows.sum(axis=1, keepdims=True)).astype(np.float32)
        if (rows[np.arange(100), drawn(student, rows, temperature)] == 0).any():
            raise CheckFailed("At temperature {temperature:g}, an index with probability 0 was drawn.",
                              temperature=temperature)  # fmt: skip
