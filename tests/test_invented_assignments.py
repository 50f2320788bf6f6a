"""Small invented assignments: every kind of function that checks can be written for survives every answer to it."""

import tempfile
import tomllib
from pathlib import Path

import nbformat
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from autograder.course.selftest import misconception_cases, with_cells
from autograder.grading.assignment import Assignment, AssignmentError
from autograder.grading.checks import grade
from autograder.grading.diagnosis.misconceptions import load_misconceptions

# Function -> its solution, and the calls that its check makes: arguments by position, and by name.
SOLUTIONS = {
    "double": ("def double(x, times=2):\n    return x * times", [((3,), {}), ((3,), {"times": 4})]),
    "four_times": ("def four_times(x):\n    return [double(one) for one in [double(x)]][0]", [((5,), {})]),
    "answer": ("def answer():\n    return 42", [((), {})]),
    "cleared": ("def cleared(values):\n    values.clear()", [(([1, 2],), {})]),
    "total": ("def total(*values):\n    return sum(values)", [((1, 2, 3), {}), ((), {})]),
    "greeting": ("def greeting(*, name, loud=False):\n    return name.upper() if loud else name",
                 [((), {"name": "Ada"}), ((), {"name": "Ada", "loud": True})]),
    "counted": ("def counted(**counts):\n    return sorted(counts)", [((), {"b": 1, "a": 2})]),
    "upwards": ("def upwards(n):\n    yield from range(n)", [((3,), {})]),
    "backwards": ("class Stack(list):\n    pass\n\n\ndef backwards(values):\n    stack = Stack(values)\n"
                  "    return [stack.pop() for _ in values]", [(([1, 2, 3],), {})]),
    "power": ("power = lambda base, exponent=2: base**exponent", [((3,), {}), ((2, 5), {})]),
    "in_order": ("import functools\n\n\n@functools.lru_cache\ndef in_order(*names):\n    return sorted(names)",
                 [(("b", "a"), {})]),
}  # fmt: skip
# What may stand in the place of any of them, and is right for none.
WRONG = [
    "def NAME(*args, **named):\n    return 'wrong'",
    "def NAME(*args, **named):\n    raise ValueError('{no} {template}')",
    "def NAME(*args, **named):\n    raise NotImplementedError()",
    "def NAME(*args, **named):\n    return NAME(*args, **named)",
    "def NAME():\n    return {1, (2, None)}, NAME",
    "def NAME(a, b, c, d, e):\n    return a",
    "class NAME:\n    def __init__(self, *args, **named):\n        self.args = args",
    "async def NAME(*args, **named):\n    return 42",
    "NAME = 42",
    "def NAME(*args, **named):\n    raise SystemExit",
    "import functools\nNAME = functools.partial(print, end='')",
    "def other_than_NAME():\n    pass",
]
ROWS = '[[misconception]]\nid = "NAME-MISTAKE"\nfunction = "NAME"\nBODY\ntells = "It is wrong."\nshows_on = "test_it"\n'


def invented(folder, functions, cells):
    """An assignment with these functions, shared out among solution cells."""
    marks = {"schema_version": 3, "task": False}
    notebook = nbformat.v4.new_notebook()
    for number, names in enumerate(cells):
        cell = nbformat.v4.new_code_cell("\n\n\n".join(SOLUTIONS[name][0] for name in names))
        cell.metadata["nbgrader"] = {**marks, "grade_id": f"part-{number}", "solution": True, "grade": False}
        notebook.cells.append(cell)
    rows = []
    for name in functions:
        cell = nbformat.v4.new_code_cell("pass")
        cell.metadata["nbgrader"] = {**marks, "grade_id": f"test-{name}", "solution": False, "grade": True, "points": 2}
        notebook.cells.append(cell)
        calls = [f"{args}, {named}" for args, named in SOLUTIONS[name][1]]
        (folder / f"test_{name}.py").write_text(
            "import pytest\nfrom autograder import assert_same\n\n"
            f"@pytest.mark.points(2)\ndef test_it(student, reference):\n    '''It works.'''\n"
            f"    for args, named in [{', '.join(f'({one})' for one in calls)}]:\n"
            f"        seen, expected = student.{name}(*args, **named), reference.{name}(*args, **named)\n"
            "        if hasattr(expected.returned, 'type_name'):\n"
            "            assert [*seen.returned] == [*expected.returned]\n        else:\n"
            f"            assert_same(seen.returned, expected.returned, '{name}')\n"
            f"            assert_same(seen.arguments, expected.arguments, 'the arguments')\n",
            "utf-8",
        )
        shared = next(names for names in cells if name in names)
        body = "\n\n\n".join(WRONG[0].replace("NAME", one) if one == name else SOLUTIONS[one][0] for one in shared)
        rows.append(ROWS.replace("NAME", name).replace("MISTAKE", "wrong").replace("BODY", f"body = '''\n{body}\n'''"))
    (folder / "misconceptions.toml").write_text("\n".join(rows), "utf-8")
    (folder / "assignment.toml").write_text("sandbox_files = []\n", "utf-8")
    nbformat.write(notebook, folder / "invented.ipynb")
    return Assignment("invented", folder, folder / "invented.ipynb", folder)


def with_answer(assignment, place, answer):
    notebook = nbformat.read(assignment.source, as_version=4)
    notebook.cells[place].source = answer
    return nbformat.writes(notebook).encode()


@st.composite
def layouts(draw):
    """Functions, and how they are shared out among cells: two that need each other in any order."""
    functions = draw(st.lists(st.sampled_from(sorted(SOLUTIONS)), min_size=1, max_size=4, unique=True))
    if "four_times" in functions and "double" not in functions:
        functions.append("double")
    breaks = [draw(st.booleans()) for _ in functions]
    cells = [[]]
    for name, new in zip(functions, breaks, strict=True):
        cells = [*cells, [name]] if new and cells[-1] else [*cells[:-1], [*cells[-1], name]]
    return functions, cells


@settings(max_examples=8, suppress_health_check=list(HealthCheck),
          phases=[Phase.explicit, Phase.generate])  # fmt: skip
@given(layouts(), st.data())
def test_every_answer_is_survived_and_paid_for_once(layout, data):
    functions, cells = layout
    with tempfile.TemporaryDirectory() as folder:
        assignment = invented(Path(folder), functions, cells)
        right = grade(assignment.source.read_bytes(), assignment, seed=1)
        assert {check.id: check.state for check in right.checks} == {f"{name}.it": "passed" for name in functions}
        assert right.problems == ()
        mistaken = data.draw(st.sampled_from(functions))
        wrong = data.draw(st.sampled_from(WRONG)).replace("NAME", mistaken)
        shared = next(names for names in cells if mistaken in names)
        answer = "\n\n\n".join(wrong if name == mistaken else SOLUTIONS[name][0] for name in shared)
        report = grade(with_answer(assignment, cells.index(shared), answer), assignment, seed=1)
        states = {check.function: check.state for check in report.checks}
        assert states == {name: "failed" if name == mistaken else "passed" for name in functions}
        assert all(check.message for check in report.checks if check.state == "failed")
        case = data.draw(st.sampled_from(misconception_cases(assignment)))
        named = {check.misconception for check in grade(case.notebook, assignment, seed=1).checks}
        assert named - {None} == {case.id}


def test_a_mistake_is_paid_for_once_where_the_inner_function_comes_last(tmp_path):
    assignment = invented(tmp_path, ["four_times", "double"], [["four_times"], ["double"]])
    report = grade(with_answer(assignment, 1, "def double(x, times=2):\n    return x + times"), assignment, seed=1)
    assert [(check.function, check.state) for check in report.checks] == [
        ("four_times", "passed"),
        ("double", "failed"),
    ]


def test_a_wrong_answer_beside_others_in_its_cell_is_diagnosed(tmp_path):
    functions = ["double", "answer", "total"]
    assignment = invented(tmp_path, functions, [functions])
    rows = tomllib.loads((tmp_path / "misconceptions.toml").read_text("utf-8"))["misconception"]
    assert [one.function for one in load_misconceptions(assignment)] == [row["function"] for row in rows]
    report = grade(misconception_cases(assignment)[1].notebook, assignment, seed=1)
    assert {check.function: check.misconception for check in report.checks} == {
        "double": None, "answer": "answer-wrong", "total": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("solution", "said"),
    [
        ("def other(x):\n    return x", "No solution cell of .* defines `double`, which its cell test-double is about"),
        ("import math\nraise RuntimeError('stop')\ndef double(x):\n    return x\ndouble = undefined", "does not run"),
        ("double = max", "Python does not tell the parameters of `double`"),
    ],
)
def test_a_solution_that_cannot_be_used_is_named(tmp_path, solution, said):
    assignment = invented(tmp_path, ["double"], [["double"]])
    notebook = nbformat.read(assignment.source, as_version=4)
    notebook.cells[0].source = solution
    nbformat.write(notebook, assignment.source)
    fresh = Assignment("invented", tmp_path, assignment.source, tmp_path)
    with pytest.raises(AssignmentError, match=said):
        grade(assignment.source.read_bytes(), fresh, seed=1)


def test_a_function_that_is_called_by_name_gets_its_arguments_by_name(tmp_path):
    assignment = invented(tmp_path, ["greeting", "counted"], [["greeting"], ["counted"]])
    for wrong in ("def greeting(*, name, loud=True):\n    return name.upper()",
                  "def greeting(name, loud):\n    return name if not loud else name.upper()"):  # fmt: skip
        report = grade(with_cells(assignment, [wrong]), assignment, seed=1)
        assert [check.state for check in report.checks] == ["failed", "passed"]
