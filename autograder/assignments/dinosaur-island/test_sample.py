"""Hidden checks of `sample`.

The random stream that the exercise asks for is worth one check's points. The others hold for every correct sampler,
whatever it draws with: either the network leaves no choice, or frequencies are compared with exact probabilities.
"""

import numpy as np
import pytest
from dinosaur_inputs import (
    as_indices,
    blank_network,
    chatty_case,
    divergence,
    network,
    shapes,
    step,
    stream_cases,
    symbols_at,
    vocabulary,
)

from autograder import CheckFailed, Picture, assert_same
from autograder.grading.compare import short

CERTAIN = 1e4  # a logit so far above the others that their probabilities are exactly 0
LOOKS = (150, 500)  # how many names have been drawn when frequencies are compared
FALSE_REJECT = 5e-8  # per look; with two looks at five networks below 1e-6 in all


def name_of(student, parameters, char_to_ix, seed=0):
    """The indices that the student's `sample` returned."""
    return as_indices(student.sample(parameters, char_to_ix, seed).returned)


def letters_of(student, parameters, char_to_ix):
    """What comes before the first newline, 0, in the student's name."""
    name = name_of(student, parameters, char_to_ix)
    return name[: name.index(0)] if 0 in name else name


def draws_as_asked(student, reference, seed):
    """Whether the student's names are the reference's on several random networks."""
    return all(
        name_of(student, parameters, char_to_ix, start) == expected
        for parameters, char_to_ix, start, expected in stream_cases(reference, seed)
    )


def assert_law(student, case, char_to_ix, positions, what):
    """The frequencies at `positions` among many names agree with their exact probabilities.

    Among n names a frequency f of probability p is rejected when n * KL(f || p) exceeds log(2 cells / FALSE_REJECT): by
    Chernoff's bound a correct sampler gets there with probability below FALSE_REJECT. Seeds are fixed, so that a
    verdict never changes, and 1,000 apart, so that the streams of two names do not overlap. Most wrong samplers show
    after the first LOOKS; the others are drawn from until the last.
    """
    newline = char_to_ix["\n"]
    parameters, table = case
    counts, drawn = dict.fromkeys(table, 0), 0
    for look in LOOKS:
        outcomes = student.sample.many([(parameters, char_to_ix, 1000 * i) for i in range(drawn, look)])
        for outcome in outcomes:
            cell = symbols_at(as_indices(outcome.returned), newline, positions)
            if cell not in table:
                raise CheckFailed(
                    "`sample` returned {seen}, but the vocabulary has only the indices 0 to {last}.",
                    seen=short(cell),
                    last=len(char_to_ix) - 1,
                )
            counts[cell] += 1
        drawn = look
        limit = np.log(2 * len(table) / FALSE_REJECT) / drawn
        for cell, p in table.items():
            f = counts[cell] / drawn
            if divergence(f, p) > limit:
                raise CheckFailed(
                    "{what}: in {drawn} names from one small network, {letters} came out {share:.1%} of the time; "
                    "by the network's probabilities it should be about {probability:.1%}.",
                    shares(f"{what}: how often in {drawn} names", table, counts, drawn),
                    what=what,
                    drawn=drawn,
                    letters=list(cell),
                    share=f,
                    probability=float(p),
                )


def shares(title, table, counts, drawn):
    """The probabilities of the commonest outcomes beside the student's frequencies."""
    common = sorted(sorted(table, key=table.get)[-8:])
    labels = [", ".join(map(str, cell)) for cell in common]
    series = {"asked for": [table[one] for one in common], "yours": [counts[one] / drawn for one in common]}
    return Picture("bars", title, "indices", "share", labels, series)


@pytest.mark.points(2)
def test_returns_indices(student, rng):
    """`sample` runs, and returns a list of indices of the vocabulary."""
    for vocab_size, n_a in ((27, 20), (8, 5)):
        seen = name_of(student, network(rng, n_a, vocab_size), vocabulary(vocab_size), 4000)
        if not all(0 <= index < vocab_size for index in seen):
            raise CheckFailed(
                "All indices should lie between 0 and {last}; yours lie between {least} and {most}.",
                last=vocab_size - 1,
                least=min(seen),
                most=max(seen),
            )


@pytest.mark.points(5)
def test_draws_as_asked(student, reference, seed):
    """With the random numbers seeded as the exercise says, the worked example and other names come out exactly."""
    draw = np.random.RandomState(2).randn
    parameters = {name: draw(*shape) for name, shape in shapes(100, 27, 27).items()}
    char_to_ix = vocabulary(27)
    seen = name_of(student, parameters, char_to_ix)
    expected = as_indices(reference.sample(parameters, char_to_ix, 0).returned)
    # Weights that differ by 1e-12 leave the first 30 alone (400 trials), BLAS kernels the first 43: this network has
    # large weights, and what it remembers is chaotic. The networks below are calm.
    assert_same(seen[:25], expected[:25], "sample(parameters, char_to_ix, 0)")
    for parameters, char_to_ix, start, expected in stream_cases(reference, seed):
        seen = name_of(student, parameters, char_to_ix, start)
        try:
            assert_same(seen, expected, f"sample(parameters, char_to_ix, {start})")
        except CheckFailed as error:
            error.picture = first_difference(parameters, seen, expected)
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
        f"Letter {at + 1}, the first that differs: index {expected[at]} is asked for, yours is {seen[at]}",
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
    if draws_as_asked(student, reference, seed):
        return
    for vocab_size, newline in ((5, 0), (6, 4)):
        case = chatty_case((seed, 2, vocab_size), 6, vocab_size, newline, (0,), (1.2, 2))
        assert_law(student, case, vocabulary(vocab_size, newline), (0,), "The first letter")


@pytest.mark.points(4)
@pytest.mark.needs("test_returns_indices")
def test_later_letters(student, reference, seed):
    """Each next letter is drawn by the probabilities that the network gives after the letters before it."""
    if draws_as_asked(student, reference, seed):
        return
    for vocab_size, newline, positions in ((4, 0, (0, 1)), (4, 2, (0, 1, 2)), (3, 1, (0, 4))):
        lengths = (positions[-1] + 1, positions[-1] + 4)
        case = chatty_case((seed, 3, *positions), 8, vocab_size, newline, positions, lengths)
        what = f"Letters {[i + 1 for i in positions]}"
        assert_law(student, case, vocabulary(vocab_size, newline), positions, what)


@pytest.mark.points(2)
@pytest.mark.needs("test_returns_indices")
def test_last_letter_is_the_next_input(student, rng):
    """The letter just drawn, and only that one, is the next input."""
    vocab_size = 9
    order = [int(i) for i in rng.permutation(np.arange(1, vocab_size))]
    parameters = blank_network(vocab_size, vocab_size)
    parameters["Wax"] = 5 * np.eye(vocab_size)
    parameters["by"][order[0]] = CERTAIN
    for letter, follower in zip(order, [*order[1:], 0], strict=True):
        # A later letter does not outweigh an earlier one: an input with more than one letter shows.
        parameters["Wya"][follower, letter] = (10 - order.index(letter)) * CERTAIN
    seen = letters_of(student, parameters, vocabulary(vocab_size))
    assert_same(seen, order, "The letters from a network in which each one decides the next")


@pytest.mark.points(2)
def test_memory_is_carried(student, rng):
    """The hidden state of one step is the memory of the next."""
    vocab_size = 8
    order = [int(i) for i in rng.permutation(np.arange(1, vocab_size))]
    seen = letters_of(student, clock([*order, 0], vocab_size), vocabulary(vocab_size))
    assert_same(seen, order, "The letters from a network that counts its steps")


def clock(order, vocab_size):
    """A network that counts steps, blind to its input: step t turns unit t on, which makes letter order[t] certain."""
    n_a = len(order)
    parameters = blank_network(n_a, vocab_size)
    parameters["b"][0] = 5
    parameters["Waa"] = 5 * np.eye(n_a, k=-1)
    for t, letter in enumerate(order):
        parameters["Wya"][letter, t] += (t + 1) * CERTAIN
    return parameters


@pytest.mark.points(2)
@pytest.mark.needs("test_returns_indices")
def test_stops_at_the_newline(student, rng):
    """The name ends with the first newline that is drawn, also when it is the very first character."""
    char_to_ix = vocabulary(6)
    parameters = network(rng, 7, 6)
    parameters["by"][0] = CERTAIN
    assert_same(
        name_of(student, parameters, char_to_ix),
        [0],
        "The name from a network that is certain of the newline",
    )
    late = steady(48)
    seen = name_of(student, late, char_to_ix)
    assert_same(seen, [2] * 48 + [0], "The name from a network that is certain of 48 letters and then the newline")


def steady(letters):
    """A network that is certain of letter 2 so many times, and then of the newline, 0."""
    parameters = clock([0] * (letters + 1), 6)
    parameters["Wya"][:] = 0
    parameters["Wya"][0, letters] = 2 * CERTAIN
    parameters["by"][2] = CERTAIN
    return parameters


@pytest.mark.points(2)
@pytest.mark.needs("test_returns_indices")
def test_newline_has_any_number(student, rng):
    """The newline's number is taken from `char_to_ix`: it need not be 0."""
    char_to_ix = vocabulary(7, newline=4)
    parameters = network(rng, 5, 7)
    parameters["by"][4] = CERTAIN
    assert_same(name_of(student, parameters, char_to_ix), [4], "The name where the newline is 4, and certain")
    parameters["by"][4], parameters["by"][0] = -CERTAIN, CERTAIN
    seen = name_of(student, parameters, char_to_ix)
    assert_same(seen, [0] * 50 + [4], "The name where the newline is 4, and letter 0 certain")


@pytest.mark.points(2)
@pytest.mark.needs("test_returns_indices")
def test_fifty_letters_at_most(student, rng):
    """After 50 letters without a newline the name is cut, and the newline's index is appended."""
    parameters = network(rng, 6, 10)
    parameters["by"][0] = -CERTAIN
    seen = name_of(student, parameters, vocabulary(10), 7000)
    if len(seen) != 51 or 0 in seen[:50] or seen[50] != 0:
        raise CheckFailed(
            "Where the newline is never drawn, there should be 50 letters and then one newline; yours has {letters} "
            "letters and {newlines} newlines.",
            letters=sum(index != 0 for index in seen),
            newlines=seen.count(0),
        )


@pytest.mark.points(1)
def test_parameters_stay(student):
    """`sample` only looks at `parameters`: it does not change them."""
    parameters = {name: value + 1 / 9 for name, value in blank_network(6, 9).items()}
    parameters["Wya"][:] = 0
    parameters["Wya"][:2] = [[0.01], [-0.01]]
    seen = student.sample(parameters, vocabulary(9), 3000).arguments["parameters"]
    assert_same(seen, parameters, "parameters after the call", rtol=0, atol=0, extra_keys=True)


@pytest.mark.points(1)
def test_seed_decides(student, rng):
    """The same seed gives the same name; other seeds give other names."""
    parameters = network(rng, 1, 27, sharpness=0.2)  # one hidden unit is enough
    parameters["by"][0] = -2
    outcomes = student.sample.many([(parameters, vocabulary(27), seed) for seed in (1000, 1000, 2000, 3000)])
    first, again, *others = [as_indices(outcome.returned) for outcome in outcomes]
    if first != again:
        raise CheckFailed("Two calls with the same seed should give the same name; yours gave two different ones.")
    if all(other == first for other in others):
        raise CheckFailed("Calls with three different seeds gave the same name each time: is `seed` used?")
