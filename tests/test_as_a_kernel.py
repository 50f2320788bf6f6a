"""We read a notebook as a kernel and nbgrader do: magics, locked cells, cells that were turned into text."""

import json
import time

import nbformat
import pytest

from autograder.course.new_assignment import new_assignment
from autograder.grading.assignment import load_assignment
from autograder.grading.checks import grade
from autograder.messages import render
from autograder.notebook.cells import parse

RIGHT = """def moving_average(values, window):
    sums = np.cumsum(np.concatenate([[0.0], values]))
    return (sums[window:] - sums[:-window]) / window
"""


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A new assignment whose imports stand in a locked cell of their own."""
    root = tmp_path_factory.mktemp("course")
    new_assignment("averages", root)
    path = root / "source" / "averages" / "averages.ipynb"
    notebook = nbformat.read(path, as_version=4)
    locked = nbformat.v4.new_code_cell("import numpy as np")
    locked.metadata["nbgrader"] = {"schema_version": 3, "locked": True, "solution": False, "grade": False,
                                   "task": False, "grade_id": "imports"}  # fmt: skip
    notebook.cells.insert(0, locked)
    test = notebook.cells[-1]
    test.source += "\n### BEGIN HIDDEN TESTS\nsecret = moving_average([1, 5], 2)\n### END HIDDEN TESTS"
    for cell in notebook.cells:
        cell.source = cell.source.replace("import numpy as np\n\n\n", "")
    nbformat.write(notebook, path)
    return root


def graded(root, change):
    """The Report of the solved notebook after `change(cells by grade_id, all cells)`."""
    assignment = load_assignment("averages", root)
    notebook = json.loads(assignment.source.read_text("utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    marked = {cell["metadata"]["nbgrader"]["grade_id"]: cell for cell in notebook["cells"]
              if "nbgrader" in cell["metadata"]}  # fmt: skip
    change(marked, notebook["cells"])
    return grade(json.dumps(notebook).encode(), assignment, seed=1)


def code(source):
    return {"cell_type": "code", "metadata": {}, "source": source, "outputs": [], "execution_count": None}


RUN_IN_A_KERNEL = {
    "operator at the beginning of a line": "%matplotlib inline\nones = (7\n% 2)\n" + RIGHT,
    "continued shell line": "!pip install a \\\n    b\n" + RIGHT,
    "capture, install and import": "%%capture\n!pip install numpy\nimport numpy as np\n" + RIGHT,
    "time with arguments": "%%time --no-raise-error\n" + RIGHT,
    "nested cell magics": "\n%%capture out\n%%time\n" + RIGHT,
    "pylab": "%pylab inline\n" + RIGHT.replace("np.", ""),
    "help": "np.cumsum?\n?np.concatenate\nnp.cumsum??\n" + RIGHT,
    "output of a command": "files = !ls \\\n  -l\nx = %env HOME\n" + RIGHT,
    "timed statement": "%time ones = 1\n" + RIGHT.replace("/ window", "/ (window * ones)"),
    "within a block": "if True:\n    %load_ext autoreload\n    !rm -rf /tmp/nothing\n" + RIGHT,
    "within the function": RIGHT.replace("    sums =", "    !ls\n    %config a = 1\n    sums =", 1),
    "prompts": "".join((">>> " if not line.startswith(" ") else "... ") + line for line in RIGHT.splitlines(True)),
    "indented as a whole": "".join("    " + line for line in RIGHT.splitlines(True)),
    "quotes in a shell line": "!echo it's (\n" + RIGHT + "!echo )'\n",
    "display and the kernel": RIGHT.replace(
        "    sums =", "    display(values); get_ipython().system('ls')\n    sums =", 1
    ),
    "Colab": "#@title Solution { run: 'auto' }\nIN_COLAB = 'google.colab' in str(get_ipython());\n%cd /content\n"
    + RIGHT,
    "await": "async def one():\n    return 1\nones = await one()\n" + RIGHT.replace("/ window", "/ (window * ones)"),
}


@pytest.mark.parametrize("source", RUN_IN_A_KERNEL.values(), ids=RUN_IN_A_KERNEL)
def test_what_runs_in_a_kernel_is_graded(root, source):
    report = graded(root, lambda marked, _: marked["moving_average"].update(source=source))
    assert [render(check.message) for check in report.checks] == ["", ""]
    assert report.problems == ()


COMMANDS = [
    *("pip install numpy pandas", "cd data", "ls *.csv", "%%bash\nls", "%%html\n<b>a</b>"),
    *("%%writefile a.py\ndef moving_average(", "!wget https://example.org/a?b=c"),
]


@pytest.mark.parametrize("source", COMMANDS)
def test_a_cell_of_commands_is_no_problem(root, source):
    report = graded(root, lambda _, cells: cells.insert(1, code(source)))
    assert report.score == 10 and report.problems == ()


ABOVE = ["np.cumsum?\n\n\n", "!pip install a \\\n   b \\\n   c\n", "\n\n%%time\n\n", "%pylab\n"]


@pytest.mark.parametrize("above", ABOVE)
def test_an_error_is_shown_with_the_line_that_the_student_sees(root, above):
    wrong = above + "def moving_average(values, window):\n    return values.no_such_thing"
    report = graded(root, lambda marked, _: marked["moving_average"].update(source=wrong))
    assert f"line {above.count(chr(10)) + 2}: `return values.no_such_thing`" in render(report.checks[0].message)


def test_a_cell_magic_that_runs_the_cell_elsewhere_is_named(root):
    report = graded(root, lambda marked, _: marked["moving_average"].update(source="%%bash\n" + RIGHT))
    assert "`%%bash` sends cell" in render(report.checks[0].message)


@pytest.mark.parametrize("source", ["!a\n" * 16_000, "!(\n" * 16_000, "%%time\n" * 7_000, "x?\n" * 16_000], ids=len)
def test_magics_without_end_are_read_in_bounded_time(source):
    start = time.process_time()
    parse(source)
    assert time.process_time() - start < 5


def test_a_locked_cell_is_graded_as_it_was_handed_out(root):
    report = graded(root, lambda marked, _: marked["imports"].update(source=""))
    assert report.score == 10
    assert [one.template for one in report.problems] == [
        "Cell {cell}, `{mark}`, is locked: its own text was graded, not what it was changed to."
    ]
    report = graded(root, lambda marked, _: marked["imports"].update(source="import nothing_of_the_kind"))
    assert report.score == 10
    report = graded(root, lambda marked, _: marked["imports"].update(cell_type="markdown", source="*imports*"))
    assert report.score == 10


def test_a_solution_cell_that_was_turned_into_text_is_turned_back(root):
    for kind in ("markdown", "raw"):
        report = graded(root, lambda marked, _, kind=kind: marked["moving_average"].update(cell_type=kind))
        assert report.score == 10
        assert "was no code any more" in render(report.problems[0])


def test_hidden_tests_are_no_part_of_what_runs(root):
    """A locked test cell's own text replaces the student's, without what students must not see."""
    wrong = "def moving_average(values, window):\n    return secret"
    report = graded(root, lambda marked, _: marked["moving_average"].update(source=wrong))
    assert "name 'secret' is not defined" in render(report.checks[0].message)
