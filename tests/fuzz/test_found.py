"""Inputs that fuzzing once found trouble with, and those that it starts from."""

import pytest

from tests.fuzz.targets import FOUND, TARGETS, beginnings

CASES = {
    **{f"{name}/{file.name}": (name, file.read_bytes()) for name in TARGETS for file in (FOUND / name).glob("[!.]*")},
    **{f"{name}/beginning-{number}": (name, data) for name in TARGETS for number, data in enumerate(beginnings(name))},
}


@pytest.mark.parametrize("case", CASES)
def test_any_bytes_give_a_value_or_the_documented_error(case):
    name, data = CASES[case]
    TARGETS[name](data)
