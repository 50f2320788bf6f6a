"""Checks of what is no function on arrays: what an assignment of any subject needs."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.course.selftest import misconception_cases, variant_cases, verdict_errors
from autograder.grading.assignment import Assignment, AssignmentError
from autograder.grading.checks import grade, verify
from autograder.grading.diagnosis.mistakes import mistakes
from autograder.grading.mistaken import outcome
from autograder.messages import render
from autograder.sandbox.process import Limits

LIMITS = Limits(seconds_per_call=3, seconds_per_submission=60, memory_mb=512, diagnosis_steps=0)


def marked(source, grade_id, points=None):
    """A solution cell, or with points a test cell."""
    mark = {"grade_id": grade_id, "grade": points is not None, "solution": points is None, "locked": points is not None}
    return new_code_cell(source, metadata={"nbgrader": {**mark, "points": points or 0, "schema_version": 3}})


@pytest.fixture
def course(tmp_path):
    """A function that makes an assignment of a solution, its checks by question, and other files beside those."""

    def make(solution, checks, **files) -> Assignment:
        folder = tmp_path / "checks"
        folder.mkdir(exist_ok=True)
        (folder / "assignment.toml").write_text("sandbox_files = []\n", "utf-8")
        for name, text in files.items():
            (folder / name.replace("_toml", ".toml").replace("_py", ".py")).write_text(text, "utf-8")
        cells = [marked(solution, "solution")]
        for question, body in checks.items():
            (folder / f"test_{question}.py").write_text(
                "import numpy as np\nimport pytest\nfrom autograder import CheckFailed, assert_same\n\n\n"
                f"@pytest.mark.points(2)\n{body}", "utf-8")  # fmt: skip
            cells.append(marked("pass", f"test-{question}", 2))
        nbformat.write(new_notebook(cells=cells), tmp_path / "it.ipynb")
        return Assignment("it", folder, tmp_path / "it.ipynb", tmp_path)

    return make


def graded(assignment, solution=None):
    """State and message of each check, for a student's solution or ours."""
    notebook = nbformat.read(assignment.source, as_version=4)
    if solution is not None:
        notebook.cells[0].source = solution
    report = grade(nbformat.writes(notebook).encode(), assignment, 1, LIMITS)
    return [(check.state, render(check.message)) for check in report.checks]


HINT = '[[hint]]\nraised = "KeyError"\nsays = "^.Mars"\ntells = "Only the planets that were handed out are there."\n'


def test_an_assignment_brings_hints_of_its_own(course):
    check = "def test_it(student):\n    '''It is there.'''\n    assert student.moons('Mars').returned == 2\n"
    assignment = course("def moons(planet): return {'Mars': 2}[planet]", {"moons": check}, assignment_toml=HINT)
    ((state, said),) = graded(assignment, "def moons(planet): return {}[planet]")
    assert state == "failed" and said.endswith("Only the planets that were handed out are there.")
    ((_, other),) = graded(assignment, "def moons(planet): return {}['Venus']")
    assert other.endswith("The dictionary has no such key: print its keys.")


@pytest.mark.parametrize("row", ["says = '('", "raised = 3", ""])
def test_a_hint_that_is_none_is_named(course, row):
    check = "def test_it(student):\n    '''It is there.'''\n    student.f()\n"
    assignment = course("def f(): pass", {"f": check}, assignment_toml=f"[[hint]]\ntells = 'x'\n{row}\n")
    with pytest.raises(AssignmentError, match=r"a \[\[hint\]\] needs"):
        verify(assignment)


def states(assignment, solution=None):
    return [state for state, _ in graded(assignment, solution)]


RAISES = """def test_it(student):
    '''Negative numbers are refused.'''
    assert student.root(4).returned == 2
    with pytest.raises(ValueError, match="^no root"):
        student.root(-1)
"""
ROOT = "def root(x):\n    if x < 0: ERROR\n    return x ** 0.5"


@pytest.mark.parametrize(
    ("error", "state", "said"),
    [
        ("raise ValueError('no root of ' + str(x))", "passed", ""),
        ("import json; raise json.JSONDecodeError('no root', '', 0)", "passed", ""),  # which is a ValueError
        ("raise type('Mine', (ValueError,), {})('no root')", "passed", ""),
        ("raise TypeError('no root')", "failed", "`root` stopped with TypeError: no root"),
        ("return None", "failed", "An exception of type ValueError should be raised here, and none is."),
        ("raise ValueError('oh')", "failed", ""),
        ("raise Exception('ValueError')", "failed", "`root` stopped with Exception"),
        ("raise SystemExit", "failed", "SystemExit"),
    ],
)
def test_an_exception_can_be_asked_for(course, error, state, said):
    assignment = course(ROOT.replace("ERROR", "raise ValueError('no root')"), {"root": RAISES})
    assert states(assignment) == ["passed"]
    ((found, message),) = graded(assignment, ROOT.replace("ERROR", error))
    assert found == state and said in message


@pytest.mark.parametrize("answer", ["", "def root(x):\n    while True: pass", "import os\ndef root(x): os._exit(0)"])
def test_what_gives_no_answer_at_all_is_no_exception_that_was_asked_for(course, answer):
    check = "def test_it(student):\n    '''It fails.'''\n    with pytest.raises(Exception):\n        student.root(-1)\n"
    assignment = course(ROOT.replace("ERROR", "raise ValueError"), {"root": check})
    assert states(assignment) == ["passed"]
    assert states(assignment, answer) == ["failed"]


def test_an_exception_of_the_exercises_own_can_be_asked_for(course):
    check = (
        "def test_it(student):\n    '''No money, no coffee.'''\n"
        "    with pytest.raises(student.Broke):\n        student.coffee(1)\n"
    )
    solution = "class Broke(Exception): pass\ndef coffee(euros):\n    if euros < 2: raise Broke(euros)"
    assignment = course(solution, {"coffee": check})
    assert states(assignment) == ["passed"]
    assert states(assignment, solution.replace("(Exception)", "(ValueError)")) == ["passed"]
    assert states(assignment, solution.replace("raise Broke", "raise ValueError")) == ["failed"]


def test_a_question_need_not_be_a_function(course):
    check = (
        "def test_it(student, reference):\n    '''The mean of the column `a`.'''\n"
        "    assert_same(student.mean_of_a, reference.mean_of_a, 'mean_of_a')\n"
        "    assert_same(student.table, reference.table, 'table')\n"
    )
    solution = "import pandas as pd\ntable = pd.DataFrame({'a': [1.0, 2.0]})\ntable['b'] = 2 * table.a\nmean_of_a = table['a'].mean()"
    assignment = course(solution, {"q1": check})
    assert graded(assignment) == [("passed", "")]
    ((state, said),) = graded(assignment, solution.replace("mean()", "sum()"))
    assert state == "failed" and said == "`mean_of_a` should be 1.5; yours is 3.0."
    ((state, said),) = graded(assignment, solution.replace("mean_of_a =", "average ="))
    assert state == "failed" and said.startswith("`mean_of_a` is not defined in this notebook.")
    ((state, said),) = graded(assignment, "raise RuntimeError")
    assert state == "failed" and "mean_of_a` is not defined" in said
    liar = "class Liar:\n    __eq__ = lambda *a: True\nmean_of_a = table = Liar()"
    assert states(assignment, liar) == ["failed"]


STACK = """class Stack:
    made = 0
    def __init__(self, *items):
        self.items = list(items)
        Stack.made += 1
    def push(self, item):
        self.items.append(item)
        return self
    def pop(self):
        return self.items.pop()
    def __len__(self):
        return len(self.items)
    def __eq__(self, other):
        return self.items == other.items
    def __add__(self, other):
        return Stack(*self.items, *other.items)
    def __repr__(self):
        return f'Stack({self.items})'
    def __iter__(self):
        return iter(self.items)
    def __getitem__(self, place):
        return self.items[place]
"""
OF_A_STACK = """def test_it(student):
    '''A stack gives back what was put on it last.'''
    stack = student.Stack(1).returned
    stack.push(2)
    stack.push([3])
    assert_same(stack.pop().returned, [3], "pop()")
    assert_same(len(stack), 2, "len(stack)")
    assert_same(stack.items, [1, 2], "items")
    assert_same(list(stack), [1, 2], "list(stack)")
    assert_same(stack[1], 2, "stack[1]")
    assert_same(repr(stack), "Stack([1, 2])", "repr(stack)")
    both = stack + student.Stack(7).returned
    assert_same(both.items, [1, 2, 7], "the items of the sum")
    assert both == student.Stack(1, 2, 7).returned
    both.push(8).returned.items = [5]
    assert_same(both.pop().returned, 5, "pop()")
    with pytest.raises(IndexError):
        both.pop()
    assert_same(student.Stack.made, 0, "Stack.made at first")
    assert not hasattr(stack, "peek")
"""


def test_classes_are_checked_like_functions(course):
    assignment = course(STACK, {"Stack": OF_A_STACK})
    assert graded(assignment) == [("passed", "")]
    for right, wrong in (("pop()", "pop(0)"), ("append(item)", "append(0)"), ("return self\n", "return Stack()\n"),
                         ("Stack(*self.items, *other.items)", "Stack(*other.items)"), ("items == other", "items != other"),
                         ("self.items[place]", "self.items[0]"), ("Stack({", "({"), ("len(self.items)", "3")):  # fmt: skip
        assert states(assignment, STACK.replace(right, wrong)) == ["failed"], wrong
    ((_, said),) = graded(assignment, STACK.replace("self.items.pop()", "self.things.pop()"))
    assert said.startswith(
        "`Stack.pop` stopped with AttributeError: 'Stack' object has no attribute 'things', in cell 1,"
    )
    ((_, said),) = graded(assignment, "")
    assert said.startswith("`Stack` is not defined in this notebook.")


def test_an_object_is_no_answer_where_plain_data_is_asked_for(course):
    check = "def test_it(student):\n    '''It doubles.'''\n    assert abs(student.double(2).returned - 4) < 1e-9\n"
    assignment = course("def double(x): return 2 * x", {"double": check})
    liar = "class Liar:\n    def __sub__(self, other): return 0\ndef double(x): return Liar()"
    assert graded(assignment, liar) == [("failed", "The result is of another kind than what the exercise asks for.")]


def test_generators_and_functions_that_are_returned(course):
    check = (
        "def test_it(student):\n    '''Odd numbers, and a function that adds.'''\n"
        "    first = [one for one, _ in zip(student.odd().returned, range(100))]\n"
        "    assert_same(first, [*range(1, 200, 2)], 'odd()')\n"
        "    assert_same(student.adder(2).returned(3).returned, 5, 'adder(2)(3)')\n"
    )
    solution = (
        "def odd():\n    n = 1\n    while True:\n        yield n\n        n += 2\ndef adder(n): return lambda x: x + n"
    )
    assignment = course(solution, {"odd": check})
    assert graded(assignment) == [("passed", "")]
    assert states(assignment, solution.replace("n += 2", "n += 1")) == ["failed"]
    assert states(assignment, solution.replace("x + n", "x")) == ["failed"]


PROBES = "def square(x):\n    return x * x\n\n\ndef slope():\n    return model['slope']\n"


def test_functions_that_take_functions_get_those_of_probes_or_of_a_library(course):
    check = (
        "def test_it(student, reference):\n    '''It applies a function twice.'''\n    from probes import square\n"
        "    for f in (square, np.sin, abs, str.upper):\n        x = 'a' if f is str.upper else 0.5\n"
        "        assert_same(student.twice(f, x).returned, reference.twice(f, x).returned, 'twice')\n"
        "    assert_same(student.twice(student.more, 1).returned, 3, 'twice(more, 1)')\n"
    )
    solution = "def more(x): return x + 1\ndef twice(f, x): return f(f(x))"
    assignment = course(solution, {"twice": check}, probes_py=PROBES.replace("model['slope']", "0"))
    assert graded(assignment) == [("passed", "")]
    assert states(assignment, solution.replace("f(f(x))", "f(x)")) == ["failed"]


def test_a_function_that_no_process_of_the_students_has_is_refused_as_our_mistake(course):
    check = "def test_it(student):\n    '''It applies.'''\n    assert student.once(lambda x: x, 1).returned == 1\n"
    ((state, said),) = graded(course("def once(f, x): return f(x)", {"once": check}))
    assert state == "not assessed" and "write it as a function of probes.py" in said


def test_probes_look_at_what_is_no_plain_data(course):
    check = "def test_it(student, reference):\n    '''The slope fits.'''\n" \
            "    assert_same(student.slope().returned, reference.slope().returned, 'the slope')\n"  # fmt: skip
    assignment = course("model = {'slope': 2}", {"fit": check}, probes_py=PROBES)
    assert graded(assignment) == [("passed", "")]
    assert graded(assignment, "model = {'slope': 3}") == [("failed", "`the slope` should be 2; yours is 3.")]
    assert graded(assignment, "fit = 3") == [
        ("failed", "`model` is not defined in this notebook. Keep the name as it was handed out.")
    ]
    ((state, said),) = graded(assignment, "model = {}")
    assert state == "failed" and said.startswith(
        "What is looked for in your notebook is not there. That raised KeyError"
    )


def test_a_mistake_in_a_probe_is_ours(course):
    check = "def test_it(student):\n    '''The slope fits.'''\n    assert student.slope().returned == 2\n"
    assignment = course("model = {'slope': 2}", {"fit": check}, probes_py="def slope():\n    return modle['slope']\n")
    with pytest.raises(AssignmentError, match="No solution cell"):
        graded(assignment)  # nothing of the notebook is asked for
    wrong = course("model = {'slope': 2}", {"fit": check}, probes_py=PROBES.replace("['slope']", "['slpoe']"))
    for answer in (None, "model = {}"):
        ((state, said),) = graded(wrong, answer)
        assert state == "not assessed" and "no fault of yours" in said


def test_probes_hold_functions_only(course):
    check = "def test_it(student):\n    '''The slope fits.'''\n    assert student.slope().returned == 2\n"
    assignment = course("model = {'slope': 2}", {"fit": check}, probes_py=PROBES + "print(model)\n")
    with pytest.raises(AssignmentError, match=r"probes\.py, line \d+: here stand imports and functions only"):
        graded(assignment)


def test_plots_are_looked_at_by_a_probe(course):
    probe = (
        "import matplotlib.pyplot as plt\n\n\ndef curve():\n    (line,) = plt.gca().lines\n"
        "    return plt.gca().get_title(), line.get_ydata()\n"
    )
    check = "def test_it(student, reference):\n    '''The curve.'''\n" \
            "    assert_same(student.curve().returned, reference.curve().returned, 'the curve')\n"  # fmt: skip
    solution = (
        "import matplotlib.pyplot as plt\nx = [1, 2, 3]\nplt.figure()\nplt.plot(x, [4, 5, 6])\nplt.title('growth')"
    )
    assignment = course(solution, {"plot": check}, probes_py=probe)
    assert graded(assignment) == [("passed", "")]
    assert states(assignment, solution.replace("growth", "decay")) == ["failed"]
    assert states(assignment, solution.replace("4, 5", "5, 4")) == ["failed"]
    assert states(assignment, "import matplotlib.pyplot as plt") == ["failed"]


def test_a_solution_that_reads_a_file_sees_the_one_that_the_check_gave(course, tmp_path):
    check = (
        "def test_it(student, reference):\n    '''The sum of what is in numbers.txt.'''\n"
        "    for text in ('1 2', '5 6 7'):\n        there, here = (one.with_file('numbers.txt', text) for one in (student, reference))\n"
        "        assert_same(there.total().returned, here.total().returned, 'total()')\n"
        "        assert_same(there.first, here.first, 'first')\n"
    )
    solution = (
        "from pathlib import Path\ndef numbers(): return Path('numbers.txt').read_text().split()\n"
        "first = numbers()[0]\ndef total(): return sum(map(int, numbers()))"
    )
    (tmp_path / "numbers.txt").write_text("3 4")
    assignment = course(solution, {"total": check}, assignment_toml='sandbox_files = ["numbers.txt"]\n')
    assert graded(assignment) == [("passed", "")]
    assert states(assignment, solution.replace("[0]", "[1]")) == ["failed"]
    assert states(assignment, solution.replace("sum(", "max(")) == ["failed"]


def test_a_typical_mistake_in_a_class_or_a_value_is_named(course):
    rows = (
        '[[misconception]]\nid = "first-in-first-out"\nfunction = "Stack"\nold = "items.pop()"\nnew = "items.pop(0)"\n'
        'tells = "Which item was put there last?"\nshows_on = "test_it"\n'
        '[[misconception]]\nid = "sum-for-mean"\nfunction = "mean"\nold = "/ 2"\nnew = ""\n'
        'tells = "That is the sum."\nshows_on = "test_it"\n'
    )
    mean = "def test_it(student, reference):\n    '''The mean.'''\n    assert_same(student.middle, reference.middle, 'middle')\n"
    assignment = course(f"{STACK}\nmiddle = (3 + 5) / 2", {"Stack": OF_A_STACK, "mean": mean}, misconceptions_toml=rows)
    verify(assignment)
    for case in misconception_cases(assignment):
        report = grade(case.notebook, assignment, 1, LIMITS)
        assert {check.misconception for check in report.checks} == {case.id, None}
        assert verdict_errors(assignment, case, report) == []
    (assignment.folder / "solutions").mkdir()
    text = STACK.replace("self.items", "self.items_").replace(
        "def push", "items = property(lambda s: s.items_, lambda s, v: s.__dict__.update(items_=v))\n    def push"
    )
    (assignment.folder / "solutions" / "other.py").write_text(f"{text}# %%\nmiddle = 4.0\n")
    (variant,) = variant_cases(assignment)
    assert verdict_errors(assignment, variant, grade(variant.notebook, assignment, 1, LIMITS)) == []


def test_no_name_of_ours_hides_one_of_an_exercise(course):
    names = ("answer", "given", "cells", "calls", "close", "reached", "lent", "functions", "setting", "assignment")
    solution = "\n".join(f"def {name}(): return {name!r}" for name in names)
    checks = {
        name: f"def test_it(student, reference):\n    '''Its name.'''\n    seen = student.{name}().returned\n"
        f"    assert_same(seen, reference.{name}().returned, 'it')\n"
        for name in names
    }
    assignment = course(solution, checks)
    assert states(assignment) == ["passed"] * len(names)
    assert states(assignment, solution.replace("return '", "return '-")) == ["failed"] * len(names)


TIDY = """def tidy(rows):
    rows[:] = sorted(set(rows), key=lambda row: (row[0], -row[1]))
"""
TIDY_CHECK = """def test_it(student, reference, rng):
    '''The list itself is sorted, without doubles.'''
    for n in (5, 30):
        rows = [(int(rng.integers(3)), int(rng.integers(4))) for _ in range(n)]
        assert_same(student.tidy(rows).arguments["rows"], reference.tidy(rows).arguments["rows"], "rows")
"""
BY_HAND = """def tidy(rows):
    rows.sort(key=lambda r: (r[0], -r[1]))
    i = 0
    while i < len(rows) - 1:
        if rows[i] == rows[i + 1]:
            rows.pop(i)
        else:
            i += 1
"""
DAYS = """from datetime import date

def days(text):
    found = []
    for line in text.split():
        if line.startswith("#"):
            continue
        found.append(date.fromisoformat(line))
    return found
"""
DAYS_CHECK = """def test_it(student, reference):
    '''Each line is a day.'''
    for text in ("", "2026-01-02", "2026-01-02\\n#x\\n2025-03-04"):
        assert_same(student.days(text).returned, reference.days(text).returned, "days(text)")
"""
BALANCES = """def balances(start, amounts, floor=None):
    for amount in amounts:
        start += amount
        if floor is not None and start < floor:
            return
        yield start
"""
BALANCES_CHECK = """def test_it(student, reference):
    '''One balance after the other.'''
    for arguments in ((5, [3, -3, -5, -3, -1, 20], 0), (5, [3, -3, -5, -1], -6), (0, [1, 2])):
        seen, expected = (list(one.balances(*arguments).returned) for one in (student, reference))
        assert_same(seen, expected, "balances")
"""


@pytest.mark.parametrize(
    ("solution", "check", "theirs", "right", "wrong", "line"),
    [
        (TIDY, TIDY_CHECK, BY_HAND, "        else:\n            i += 1", "        i += 1", "i += 1"),
        (TIDY, TIDY_CHECK, BY_HAND, "        else:\n            i += 1\n", "", "rows.pop(i)"),
        (DAYS, DAYS_CHECK, DAYS, "date.fromisoformat(line)", "line", "found.append(line)"),
        (DAYS, DAYS_CHECK, DAYS, "            continue", "            return found", "            return found"),
        (DAYS, DAYS_CHECK, DAYS, "    return found", "    print(found)", "    print(found)"),
        (BALANCES, BALANCES_CHECK, BALANCES, "start < floor", "start <= floor", "start <= floor"),
        (BALANCES, BALANCES_CHECK, BALANCES, "floor is not None", "floor", "if floor and"),
        (BALANCES, BALANCES_CHECK, BALANCES, "start += amount", "start -= amount", "start -= amount"),
    ],
)  # fmt: skip
def test_the_line_is_named_that_is_wrong(course, solution, check, theirs, right, wrong, line):
    name = re.search(r"def (\w+)", solution)[1]
    assignment = course(solution, {name: check}, assignment_toml="arguments_that_matter.tidy = ['rows']\n")
    assert right in theirs
    found = diagnosed(assignment, theirs.replace(right, wrong))
    assert len(found.lines) == 1
    assert line in theirs.replace(right, wrong).splitlines()[found.lines[0] - 1]


def diagnosed(assignment, solution):
    """What is said of a student's wrong function."""
    notebook = nbformat.read(assignment.source, as_version=4)
    notebook.cells[0].source = solution
    (found,) = grade(nbformat.writes(notebook).encode(), assignment, 1, Limits()).diagnoses.values()
    return found


def test_a_change_that_replaces_all_that_the_student_wrote_is_none(course):
    assignment = course(TIDY, {"tidy": TIDY_CHECK}, assignment_toml="arguments_that_matter.tidy = ['rows']\n")
    theirs = "def tidy(rows):\n    for row in rows:\n        if rows.count(row) > 1:\n            rows.remove(row)\n    rows.sort()\n"
    found = diagnosed(assignment, theirs)
    assert (found.kind, found.lines) == ("rewrite", ())
    assert re.search(r"For example, after tidy\(\[.*\]\) `rows` should be \[.*; yours is \[", render(found.text))


BOX = """class Box:
    def __init__(self, number):
        self.number = number

    def more(self):
        return self.number + 1
"""


def test_what_the_checks_of_a_class_miss_is_not_taken_for_what_nothing_comes_to(course):
    check = "def test_it(student):\n    '''It grows.'''\n    assert student.Box(1).returned.more().returned > 1\n"
    assignment = course(BOX, {"Box": check})
    came = {outcome(one, "solution", assignment, 1, LIMITS) for one in mistakes(BOX, 1)}
    assert came == {"rejected", "unseen"}
