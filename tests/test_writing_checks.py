"""docs/writing-checks.md, followed to the letter, gives an assignment without an error in its verdicts."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat

PAGE = Path(__file__).parents[1] / "docs" / "writing-checks.md"


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def cell(source, **mark):
    about = {"schema_version": 3, "locked": False, "solution": False, "grade": False, "task": False, **mark}
    return nbformat.v4.new_code_cell(source, metadata={"nbgrader": about})


def test_the_example_of_the_page_passes_its_self_test(tmp_path):
    solution, visible, checks, variant = blocks("python")
    description, misconceptions = blocks("toml")
    notebook = nbformat.v4.new_notebook(
        cells=[
            cell(solution, grade_id="moving_average", solution=True),
            cell(visible, grade_id="test-moving_average", grade=True, points=10, locked=True),
        ]
    )
    folder = tmp_path / "autograder" / "assignments" / "averages"
    for path, text in {
        tmp_path / "nbgrader_config.py": "",
        tmp_path / "source" / "averages" / "averages.ipynb": nbformat.writes(notebook),
        folder / "assignment.toml": description,
        folder / "test_moving_average.py": checks,
        folder / "misconceptions.toml": misconceptions,
        folder / "solutions" / "with_convolve.py": variant,
    }.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    (command,) = (line.removeprefix("$ ") for line in blocks("console")[0].splitlines())
    words = [sys.executable, "-m", *command.split()]
    run = subprocess.run(words, cwd=tmp_path, capture_output=True, text=True)
    assert "2 wrong answers, 1 correct variants: 0 errors." in run.stdout, run.stdout + run.stderr
    assert run.returncode == 0
