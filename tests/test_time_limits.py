"""How long a student's functions may take: some times what the solution takes, and a little to spare."""

import os
import subprocess
import sys

import pytest

from tests.test_any_subject import course, states  # noqa: F401 (a fixture)

FIRST_CHECK = "def test_it(student):\n    '''It is 1.'''\n    assert student.first().returned == 1\n"
COUNT_CHECK = "def test_it(student):\n    '''It counts.'''\n    assert student.count().returned == 3_000_000\n"
COUNT = "def count():\n    total = 0\n    for _ in range(3_000_000):\n        total += 1\n    return total\n"
SLOW = COUNT.replace("total += 1", "total += len([1] * 1) * len([1] * 1) * len([1] * 1)")
ENDLESS = {
    "a loop": "while True: pass",
    "a sleep": "import time\n    while True: time.sleep(0.01)",
    "a pattern": "import re\n    re.match('(a*)*b', 'a' * 100)",
    "a stop": "import os, signal\n    os.kill(os.getpid(), signal.SIGSTOP)",
    "too much at a time": "return [0] * 10**7",
}


@pytest.mark.parametrize("body", ENDLESS.values(), ids=ENDLESS)
def test_what_never_ends_leaves_time_for_what_is_slow(course, body):  # noqa: F811
    assignment = course("def first(): return 1\n" + COUNT, {"first": FIRST_CHECK, "count": COUNT_CHECK})
    assert states(assignment, f"def first():\n    {body}\n" + SLOW) == ["failed", "passed"]


def test_cells_may_take_as_long_as_the_solutions(course):  # noqa: F811
    work = "sum(i * i for i in range(12_000_000))"
    assignment = course(f"start = {work}\ndef first(): return 1", {"first": FIRST_CHECK})
    assert states(assignment, f"start = {work} + {work}\ndef first(): return 1") == ["passed"]


def test_a_call_much_slower_than_the_solution_may_take_what_is_to_spare(course):  # noqa: F811
    assignment = course("def first(): return 1", {"first": FIRST_CHECK})
    assert states(assignment, "def first(): return sum(range(3_000_000)) // sum(range(3_000_000))") == ["passed"]


@pytest.fixture
def busy_machine():
    """Other processes, four for each core, that never rest."""
    spin = [sys.executable, "-c", "while True: pass"]
    others = [subprocess.Popen(spin) for _ in range(4 * (os.cpu_count() or 1))]
    yield
    for one in others:
        one.kill()
        one.wait()


def test_waiting_for_what_is_lent_counts_for_nothing(course, busy_machine):  # noqa: F811
    """Where `inner` is wrong, `outer` is lent ours: thousands of questions that a busy machine delays."""
    inner = "def inner(x):\n    return x + 1\n"
    outer = "def outer():\n    return sum(inner(1) for _ in range(4000))\n"
    checks = {
        "inner": "def test_it(student):\n    '''It adds 1.'''\n    assert student.inner(1).returned == 2\n",
        "outer": "def test_it(student):\n    '''It sums.'''\n    assert student.outer().returned == 8000\n",
    }
    assignment = course(inner + outer, checks)
    assert states(assignment, inner.replace("+ 1", "+ 2") + outer) == ["failed", "passed"]
