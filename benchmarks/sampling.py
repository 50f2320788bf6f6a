"""How likely `sample`'s checks are to reject a right sampler, and to let a wrong one pass.

    python -m benchmarks.sampling

Exact binomial probabilities and bounds, for the networks of twenty seeds; nothing is simulated but the right names that
are counted. Ends with 1 when a right sampler is rejected with a probability of 1e-6 or more, or when one passes with a
probability above 0.001 whose law is off by a total variation of 0.1 at one position, or between calls.
"""

import bisect
import itertools
import math
import sys

import numpy as np
from rich.console import Console

from autograder.grading.assignment import course_root, load_assignment
from autograder.grading.own_modules import importing_from

ASSIGNMENT = load_assignment("dinosaur-island", course_root())
SEEDS = range(20)
OFF = 0.1
with importing_from(ASSIGNMENT.import_folders):
    import sampling_law
    from dinosaur_inputs import CERTAIN, LONGEST
    from sampling_law import DOUBTFUL, LAW_CASES, LIMIT, SECOND_LOOK, Case, Comparison, comparisons, drawn, law_case

CERTAIN_DRAWS = 1_000  # more than are made of networks that leave no choice, each among at most ten characters


def missed(names: int, chance: float, truth: float, limit: float) -> float:
    """The probability that a share of `names`, each a hit with the probability `truth`, looks like `chance`."""

    def looks_wrong(hits: int) -> bool:
        return Comparison("", 0, (), hits, names, chance).surprise > limit

    middle = round(names * chance)
    first = bisect.bisect_left(range(middle), True, key=lambda hits: not looks_wrong(hits))
    after = bisect.bisect_left(range(names + 1), True, lo=middle, key=looks_wrong)
    logarithms = [
        math.lgamma(names + 1) - math.lgamma(hits + 1) - math.lgamma(names - hits + 1)
        + hits * math.log(truth) + (names - hits) * math.log(1 - truth)
        for hits in range(first, after)
    ]  # fmt: skip
    return math.fsum(math.exp(one) for one in logarithms)


def passes(case: Case, chance: float, truth: float, comparisons: int = 1) -> float:
    """At most how likely it is that the case is done with at the second look or the last one.

    With two comparisons, which are independent, each has half of the names.
    """
    looks = ((SECOND_LOOK, DOUBTFUL), (case.count, LIMIT))
    return sum(missed(names // comparisons, chance, truth, limit) ** comparisons for names, limit in looks)


def chances(case: Case) -> np.ndarray:
    """The probabilities of the letters of the network in which they never change."""
    p = np.exp(case.parameters["by"][1:, 0])
    return p / p.sum()


def most_missed(cases: dict[str, Case]) -> tuple[float, float]:
    """Of all samplers whose law is off by OFF at one position: the likeliest to pass, by its law or between calls.

    A law that is off by OFF gives a set of letters so much more than it should have, and its complement so much less.
    """
    at_one_position = []
    for case in (cases["one letter"], cases["constant"]):
        p = chances(case)
        sets = itertools.chain(*(itertools.combinations(p, count) for count in range(1, len(p))))
        at_one_position += [passes(case, sum(one), sum(one) + OFF) for one in sets if sum(one) + OFF < 1]
    again = float((p**2).sum())
    return max(at_one_position), max(passes(case, again, again + off, 2) for off in (OFF, -OFF))


def main() -> int:
    """Print the figures."""
    console = Console()
    networks = [{name: law_case(seed, name) for name in LAW_CASES} for seed in SEEDS]
    made = []
    for seed, cases in zip(SEEDS, networks, strict=True):
        names = [(case, drawn(case.parameters, case.newline, case.count, np.random.default_rng(seed)))
                 for case in cases.values()]  # fmt: skip
        in_each_look = sum(1 for case, some in names for _ in comparisons(case, some, range(LONGEST)))
        made.append(3 * (in_each_look + 2 * len(names)))  # and two leanings
    assert max(made) <= sampling_law.COMPARISONS
    console.print(
        f"comparisons: {min(made):,} to {max(made):,} of a submission, {sampling_law.COMPARISONS:,} allowed for"
    )
    collisions = max(28 * float((chances(cases["constant"]) ** 2).sum()) ** LONGEST for cases in networks)
    uncertain = CERTAIN_DRAWS * 10 * math.exp(-CERTAIN)
    rejected = sampling_law.FALSE_REJECTS * max(made) / sampling_law.COMPARISONS + collisions + uncertain
    console.print(f"a right sampler is rejected: at most {rejected:.1e} ({collisions:.0e} for two equal names, "
                  f"{uncertain:.0e} where there is no choice)")  # fmt: skip
    wrong = [most_missed(cases) for cases in networks]
    at_one_position, between = (max(column) for column in zip(*wrong, strict=True))
    console.print(f"a law that is off by {OFF} at one position passes: at most {at_one_position:.1e}")
    console.print(f"the letter of the call before is drawn again more or less often by {OFF}: at most {between:.1e}")
    as_asked = (1 - OFF) ** sampling_law.MANY
    console.print(f"off by {OFF} at one position, with the stream that is asked for: at most {as_asked:.1e}")
    return int(rejected >= 1e-6 or max(at_one_position, between, as_asked) > 0.001)


if __name__ == "__main__":
    sys.exit(main())
