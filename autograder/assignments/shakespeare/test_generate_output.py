"""Hidden checks of `generate_output`: small models stand in for the network."""

import pytest
from stand_ins import CERTAIN, TWICE, UNDECIDED

from autograder import CheckFailed, assert_same
from autograder.grading.compare import short
from utils.shakespeare import DEFAULT_PROMPT, VOCABULARY, known_characters

LIKELIEST = VOCABULARY[20]
MANY = 1000  # more than Python lets a function call itself
SHARES = (0.486, 0.686)  # of the likeliest at temperature 2: 0.586 on average, with a standard deviation of 0.016


PROMPTS = ((DEFAULT_PROMPT, 60), ("Été", 25), ("", 10), ("o thou, my lovely boy ", 1), ("thy", 0), ("when i",))


def written(student, cell, *calls):
    """The poems that the student's `generate_output` wrote."""
    poems = [outcome.returned for outcome in student.with_cell(cell).generate_output.many(calls)]
    for poem in poems:
        if not isinstance(poem, str):
            raise CheckFailed("`generate_output` should return the poem, a string; yours returned {seen}.",
                              seen=short(poem))  # fmt: skip
    return [str(poem) for poem in poems]


def call_of(*arguments):
    """How a call is written."""
    return f"generate_output({', '.join(map(repr, arguments))})"


@pytest.mark.points(1)
def test_prompt_and_length(student):
    """The poem begins with the prompt, and goes on for as many characters as were asked for, all of the vocabulary."""
    for arguments, poem in zip(PROMPTS, written(student, CERTAIN, *PROMPTS), strict=True):
        beginning, call = known_characters(arguments[0]), call_of(*arguments)
        length = arguments[1] if len(arguments) > 1 else 400
        if not poem.startswith(beginning):
            raise CheckFailed("`{call}` should begin with {expected}; yours begins with {seen}.",
                              call=call, expected=repr(beginning), seen=short(poem[: len(beginning) + 5]))  # fmt: skip
        if len(poem) != len(beginning) + length:
            raise CheckFailed(
                "`{call}` should have {expected} {expected:character|characters}, {beginning} of the prompt and "
                "{length} more; yours has {seen}.",
                call=call,
                expected=len(beginning) + length,
                beginning=len(beginning),
                length=length,
                seen=len(poem),
            )
        if strange := sorted({*poem} - {*VOCABULARY}):
            raise CheckFailed("`{call}` holds {seen}, which is not among the 38 characters.",
                              call=call, seen=repr(strange[0]))  # fmt: skip


@pytest.mark.points(1)
@pytest.mark.needs("test_prompt_and_length")
def test_what_the_model_expects(student, reference):
    """Each character is drawn from what the model expects after all that was written before it."""
    calls = ((DEFAULT_PROMPT, 120), ("a", 80), ("", 30))
    for call, seen in zip(calls, written(student, CERTAIN, *calls), strict=True):
        expected = reference.with_cell(CERTAIN).generate_output(*call).returned
        at = next((i for i, (one, other) in enumerate(zip(seen, expected, strict=True)) if one != other), None)
        if at is not None:
            raise CheckFailed(
                "With a model that is certain of each next character, `{call}[{place}]` should be {expected}; yours is "
                "{seen}.",
                call=call_of(*call),
                place=at,
                expected=repr(expected[at]),
                seen=repr(seen[at]),
            )


@pytest.mark.points(1)
@pytest.mark.needs("test_prompt_and_length")
def test_temperature(student):
    """Characters are drawn at the temperature that was asked for, anew in each call, and printed."""
    outcome = student.with_cell(TWICE).generate_output("", 60)
    first, second = outcome.returned
    if first == second:
        raise CheckFailed("Two calls of `generate_output` wrote the same poem. Each should draw anew.")
    printed = iter(outcome.printed)  # more may be printed, as by a `sample` that tells what it drew
    if not all(character in printed for character in f"{first}{second}"):
        raise CheckFailed("What `generate_output` prints should be the poem that it returns; yours is another one.")
    safe, bold = written(student, UNDECIDED, ("", MANY, 0.05), ("", MANY, 2.0))
    assert_same(safe.count(LIKELIEST), MANY, f"generate_output('', {MANY}, 0.05).count(the likeliest character)")
    share = bold.count(LIKELIEST) / MANY
    if not SHARES[0] < share < SHARES[1]:
        raise CheckFailed(
            "With a model that gives three characters the probabilities 0.8, 0.1 and 0.1, at temperature 2, "
            "{share:.0%} of the characters are the likeliest one. It should be about 59%.",
            share=share,
        )
