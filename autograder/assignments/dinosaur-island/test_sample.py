"""Hidden checks of `sample`.

One check looks at the random stream that the exercise asks for, and one at networks of other sizes than that of the
notebook's example. All other checks use its sizes, and pass every correct sampler, whatever it draws with: either the
network leaves no choice, or frequencies are compared with exact probabilities.
No score goes above 500: honest networks have none, and `exp` of them fits into a number.
"""

import numpy as np
import pytest
from dinosaur_inputs import (
    CERTAIN,
    LONGEST,
    NOTEBOOKS,
    as_indices,
    blank_network,
    network,
    saying,
    shapes,
    step,
    vocabulary,
    within,
)
from sampling_law import (
    AT_ONCE,
    DOUBTFUL,
    FIRST_LOOK,
    LAW_CASES,
    LIMIT,
    SECOND_LOOK,
    SEEDS_APART,
    as_matrix,
    comparisons,
    law_case,
    leanings,
    stream_cases,
)

from autograder import CheckFailed, Picture, assert_same
from autograder.grading.compare import short
from autograder.messages import Message

NAME_OF = "Here `name` is what `sample` returns for a network {network}."
LETTERS_OF = "Here `letters` is what `sample` returns before the first newline, for a network {network}."


def name_of(student, parameters, newline=0, seed=0):
    """The indices that the student's `sample` returned for a network, which is given the sizes of the notebook's."""
    return as_indices(student.sample(within(parameters, *NOTEBOOKS), vocabulary(NOTEBOOKS[1], newline), seed).returned)


def names_of(student, parameters, char_to_ix, seeds):
    """The indices that it returned in calls one after the other."""
    outcomes = student.sample.many([(parameters, char_to_ix, seed) for seed in seeds])
    return [as_indices(outcome.returned) for outcome in outcomes]


def without_newline(name):
    """What comes before the first newline, 0."""
    return name[: name.index(0)] if 0 in name else name


def draws_as_asked(student, reference, seed):
    """Whether the student's names are the reference's on several random networks."""
    return all(
        names_of(student, case.parameters, case.char_to_ix, starts) == expected
        for case, starts, expected in stream_cases(reference, seed)
    )


def assert_law(student, cases, positions):
    """The letters at some positions come out as often as the network's probabilities say.

    Seeds are fixed, so that a verdict never changes. Most wrong samplers show in the first few names already, and right
    ones raise no doubt in half of them.
    """
    for case in cases:
        names = []
        while len(names) < case.count:
            drawn = range(len(names), min(len(names) + AT_ONCE, case.count))
            seeds = [SEEDS_APART * number for number in drawn]
            names += names_of(student, case.parameters, case.char_to_ix, seeds)
            for index in (index for name in names for index in name if not 0 <= index < len(case.char_to_ix)):
                raise CheckFailed(
                    "`sample` returned the index {index}, but the vocabulary has only 0 to {last}.",
                    index=index,
                    last=len(case.char_to_ix) - 1,
                )
            if len(names) in (FIRST_LOOK, SECOND_LOOK, case.count):
                most = compare(case, as_matrix(names, case.newline), positions)
                if len(names) >= SECOND_LOOK and most < DOUBTFUL:
                    break


def compare(case, names, positions):
    """Make all comparisons of these names at the positions: how surprising the most surprising one is."""
    most = 0.0
    for one in comparisons(case, names, positions):
        most = max(most, one.surprise)
        if one.surprise > LIMIT:
            raise CheckFailed(
                one.template,
                Picture(
                    "bars",
                    Message("Letter {number} of {names} names", number=one.position + 1, names=one.names),
                    "comes out so",
                    "share",
                    ["yes", "no"],
                    {"asked for": [one.chance, 1 - one.chance], "yours": [one.share, 1 - one.share]},
                ),
                number=one.position + 1,
                names=one.names,
                letters=list(one.letters),
                share=one.share,
                chance=one.chance,
            )
    for template, surprise in leanings(case, names, positions):
        most = max(most, surprise)
        if surprise > LIMIT:
            raise CheckFailed(template, names=len(names))
    return most


@pytest.mark.points(2)
def test_returns_indices(student, rng):
    """`sample` runs, and returns a list of indices of the vocabulary."""
    seen = name_of(student, network(rng, 20, 27), seed=4000)
    assert_indices(seen, 27)


def assert_indices(seen, vocab_size):
    """All of them are of the vocabulary."""
    if not all(0 <= index < vocab_size for index in seen):
        raise CheckFailed(
            "All indices should lie between 0 and {last}; yours lie between {lowest} and {highest}.",
            last=vocab_size - 1,
            lowest=min(seen),
            highest=max(seen),
        )


@pytest.mark.points(1)
@pytest.mark.needs("test_returns_indices")
def test_any_size(student, rng):
    """The number of characters and that of hidden units are taken from the parameters: they need not be 27 and 100."""
    assert_indices(as_indices(student.sample(network(rng, 5, 8), vocabulary(8), 4000).returned), 8)
    order = [int(i) for i in rng.integers(1, 11, 9)]
    seen = as_indices(student.sample(clock([*order, 0], 11), vocabulary(11), 0).returned)
    with saying(LETTERS_OF, network=Message("of 11 characters and 10 hidden units that counts its steps")):
        assert_same(without_newline(seen), order, "letters")


@pytest.mark.points(5)
def test_draws_as_asked(student, reference, seed):
    """With the random numbers seeded as the exercise says, the worked example and other names come out exactly."""
    draw = np.random.RandomState(2).randn
    parameters = {name: draw(*shape) for name, shape in shapes(100, 27, 27).items()}
    seen = name_of(student, parameters)
    expected = as_indices(reference.sample(parameters, vocabulary(27), 0).returned)
    # Weights that differ by 1e-12 leave the first 30 alone (400 trials), BLAS kernels the first 43: this network has
    # large weights, and what it remembers is chaotic. The networks below are calm.
    for place, (one, other) in enumerate(zip(seen, expected[:25], strict=False)):
        assert_same(one, other, f"sample(parameters, char_to_ix, 0)[{place}]")
    if len(seen) < 25:
        text = "`sample(parameters, char_to_ix, 0)` should begin with {expected}; yours is {seen}."
        raise CheckFailed(text, expected=str(expected[:25]), seen=short(seen))
    for case, starts, names in stream_cases(reference, seed):
        for start, one, expected in zip(
            starts, names_of(student, case.parameters, case.char_to_ix, starts), names, strict=True
        ):
            try:
                with saying("This was with other parameters."):
                    assert_same(one, expected, f"sample(parameters, char_to_ix, {start})")
            except CheckFailed as error:
                error.picture = first_difference(case.parameters, one, expected)
                raise


def first_difference(parameters, seen, expected):
    """The network's probabilities where the student's name and the expected one part, and what was drawn there."""
    at = next((i for i, (one, other) in enumerate(zip(seen, expected, strict=False)) if one != other), None)
    if at is None:
        return None
    a, letter = np.zeros((len(parameters["b"]), 1)), None
    for index in [*expected[:at], None]:
        p, a = step(parameters, letter, a)
        letter = index
    return Picture(
        "bars",
        Message(
            "Letter {number}, the first that differs: index {expected} is asked for, yours is {seen}",
            number=at + 1,
            expected=expected[at],
            seen=seen[at],
        ),
        "index",
        "probability",
        list(range(len(p))),
        {
            "of each index": [float(one) for one in p[:, 0]],
            "of yours": [float(p[i, 0]) * (i == seen[at]) for i in range(len(p))],
        },
    )


@pytest.mark.points(2)
@pytest.mark.needs("test_returns_indices")
def test_first_letter(student, reference, seed):
    """The first letter is drawn by the probabilities that the network gives when the input and the memory are zero."""
    if not draws_as_asked(student, reference, seed):
        assert_law(student, [law_case(seed, name) for name in LAW_CASES if name != "constant"], range(1))


@pytest.mark.points(3)
@pytest.mark.needs("test_returns_indices")
def test_later_letters(student, reference, seed):
    """Each next letter is drawn by the probabilities that the network gives after the letters before it."""
    if not draws_as_asked(student, reference, seed):
        assert_law(student, [law_case(seed, name) for name in LAW_CASES if name != "one letter"], range(1, LONGEST))


@pytest.mark.points(2)
@pytest.mark.needs("test_returns_indices")
def test_last_letter_is_the_next_input(student, rng):
    """The letter just drawn, and only that one, is the next input."""
    vocab_size = 9
    order = [int(i) for i in rng.permutation(np.arange(1, vocab_size))]
    for last in (0, order[0]):  # a name that ends with these letters, and one that begins with them again and again
        parameters = blank_network(vocab_size, vocab_size)
        parameters["Wax"] = 5 * np.eye(vocab_size)
        parameters["by"][order[0]] = CERTAIN
        for letter, follower in zip(order, [*order[1:], last], strict=True):
            # A later letter does not outweigh an earlier one: an input with more than one letter shows.
            parameters["Wya"][follower, letter] = (10 - order.index(letter)) * CERTAIN
        expected = order if last == 0 else [*order * 6, *order[:2]]
        seen = without_newline(name_of(student, parameters))
        with saying(LETTERS_OF, network=Message("in which each letter decides the next")):
            assert_same(seen, expected, "letters")


@pytest.mark.points(2)
def test_memory_is_carried(student, rng):
    """The hidden state of one step is the memory of the next."""
    vocab_size = 8
    for length in (7, LONGEST):
        order = [int(i) for i in rng.integers(1, vocab_size, length)]
        seen = without_newline(name_of(student, clock([*order, 0], vocab_size)))
        with saying(LETTERS_OF, network=Message("that counts its steps")):
            assert_same(seen, order, "letters")


def clock(order, vocab_size):
    """A network that counts steps, blind to its input: step t turns unit t on, which makes letter order[t] certain."""
    n_a = len(order)
    parameters = blank_network(n_a, vocab_size)
    parameters["b"][0] = 5
    parameters["Waa"] = 5 * np.eye(n_a, k=-1)
    scores = CERTAIN * np.eye(vocab_size)[:, order]
    parameters["Wya"] = np.diff(scores, axis=1, prepend=0)  # the units before stay on
    return parameters


@pytest.mark.points(2)
@pytest.mark.needs("test_returns_indices")
def test_stops_at_the_newline(student, rng):
    """The name ends with the first newline that is drawn, also when it is the very first character."""
    parameters = network(rng, 7, 6)
    parameters["by"][0] = 2 * CERTAIN
    with saying(NAME_OF, network=Message("that is certain of the newline, 0")):
        assert_same(name_of(student, parameters), [0], "name")
    for letters in (1, 2, 3, int(rng.integers(4, 20)), int(rng.integers(20, 48)), 48):
        seen = name_of(student, clock([2] * letters + [0], 6))
        certain = "that is certain of {letters} {letters:letter|letters} and then the newline"
        with saying(NAME_OF, network=Message(certain, letters=letters)):
            assert_same(seen, [2] * letters + [0], "name")


@pytest.mark.points(2)
@pytest.mark.needs("test_returns_indices")
def test_newline_has_any_number(student, rng):
    """The newline's number is taken from `char_to_ix`: it need not be 0."""
    parameters = network(rng, 5, 7)
    parameters["by"][4] = 2 * CERTAIN
    with saying(NAME_OF, network=Message("where the newline is 4, and certain")):
        assert_same(name_of(student, parameters, newline=4), [4], "name")
    parameters["by"][4], parameters["by"][0] = -2 * CERTAIN, 2 * CERTAIN
    with saying(NAME_OF, network=Message("where the newline is 4, and letter 0 certain")):
        assert_same(name_of(student, parameters, newline=4), [0] * LONGEST + [4], "name")


@pytest.mark.points(2)
@pytest.mark.needs("test_returns_indices")
def test_fifty_letters_at_most(student, rng):
    """After 50 letters without a newline the name is cut, and the newline's index is appended."""
    parameters = network(rng, 6, 10)
    parameters["by"][0] = -2 * CERTAIN
    seen = name_of(student, parameters, seed=7000)
    if len(seen) != LONGEST + 1 or 0 in seen[:LONGEST] or seen[LONGEST] != 0:
        raise CheckFailed(
            "Where the newline is never drawn, there should be 50 letters and then one newline; yours has {letters} "
            "{letters:letter|letters} before the first newline, and {count} {count:entry|entries} in all.",
            letters=len(without_newline(seen)),
            count=len(seen),
        )


@pytest.mark.points(1)
def test_parameters_stay(student):
    """`sample` only looks at `parameters`: it does not change them."""
    parameters = {name: value + 1 / 9 for name, value in blank_network(*NOTEBOOKS).items()}
    parameters["Wya"][:] = 0
    parameters["Wya"][:2] = [[0.01], [-0.01]]
    seen = student.sample(parameters, vocabulary(27), 3000).arguments["parameters"]
    with saying("This was after a call of `sample`."):
        assert_same(seen, parameters, "parameters", rtol=0, atol=0, extra_keys=True)


@pytest.mark.points(1)
def test_seed_decides(student, seed):
    """The same seed gives the same name, whatever was drawn between; other seeds give other names."""
    lively, constant = (within(law_case(seed, name).parameters, *NOTEBOOKS) for name in ("lively", "constant"))
    seeds = [SEEDS_APART * number for number in range(1, 9)]
    names = names_of(student, lively, vocabulary(27), [*seeds, *reversed(seeds)])
    if names != names[::-1]:
        raise CheckFailed("Two calls with the same seed should give the same name; yours gave two different ones.")
    names = names_of(student, constant, vocabulary(27), seeds)
    if any(one == other for number, one in enumerate(names) for other in names[:number]):
        raise CheckFailed("Calls with different seeds gave the same name: is `seed` used?")
