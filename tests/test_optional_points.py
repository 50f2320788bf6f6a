"""The Shakespeare assignment: its visible tests tell what to look at, its hidden checks need no Keras."""

import json
from pathlib import Path

import nbformat
import pytest

from autograder.cli import main
from autograder.course.selftest import with_cells
from autograder.grading.assignment import load_assignment
from autograder.grading.checks import grade
from autograder.grading.diagnosis.misconceptions import load_misconceptions
from autograder.messages import render
from autograder.sandbox.process import Limits

ROOT = Path(__file__).parents[1]
ASSIGNMENT = load_assignment("shakespeare", ROOT)
CELLS = {cell.id: cell.source for cell in ASSIGNMENT.template.cells}
ONLY_VERDICTS = Limits(diagnosis_steps=0)


def visible_test(function, **cells):
    """What a function's test cell raises, or None, where some cells are in another version."""
    namespace = {"__name__": "__main__"}
    for name in ("imports", *ASSIGNMENT.points):
        exec(compile(cells.get(name, CELLS[name]), f"<{name}>", "exec"), namespace)
    try:
        exec(compile(CELLS[f"test-{function}"], "<test>", "exec"), namespace)
    except Exception as error:
        return error
    return None


def scores(report):
    return {name: sum(check.points for check in checks) for name, checks in report.functions().items()}


def test_it_gives_10_points():
    assert ASSIGNMENT.points == {"build_data": 3, "sample": 4, "generate_output": 3}


def test_the_solution_passes_the_visible_tests(capsys):
    assert [visible_test(function) for function in ASSIGNMENT.points] == [None, None, None]
    assert capsys.readouterr().out.splitlines() == [
        "build_data passes its 4 tests.",
        "sample passes its 3 tests.",
        "generate_output passes its 4 tests.",
    ]


UNSEEN = {  # only the hidden checks see these
    "build_data-stripped-text", "build_data-without-newlines", "generate_output-beginning-of-the-poem",
    "generate_output-seed-inside", "generate_output-stops-at-the-newline", "generate_output-stripped",
    "sample-likeliest-where-it-is-cold", "sample-ten-likeliest",
}  # fmt: skip


def test_each_known_mistake_gets_one_sentence():
    passed = set()
    for one in load_misconceptions(ASSIGNMENT):
        error = visible_test(one.function, **{one.function: one.source})
        if error is None:
            passed.add(one.id)
            continue
        sentence = "".join(error._render_traceback_())
        assert sentence and "\n" not in sentence and len(sentence) < 330, (one.id, sentence)
        assert not sentence.startswith(("assert", "(")), (one.id, sentence)
    assert passed == UNSEEN


def test_students_get_no_solution():
    release = ROOT / "release" / "shakespeare"
    handed_out = [path.read_text("utf-8") for path in release.rglob("*") if path.suffix in (".ipynb", ".py")]
    for line in ("Y.append(text[start + Tx])", "weights.sum()", "sample(predict(poem)"):
        assert not any(line in text for text in handed_out)
    report = grade((release / "shakespeare.ipynb").read_bytes(), ASSIGNMENT, 1, ONLY_VERDICTS)
    assert set(scores(report).values()) == {0}
    assert "`sample` is not written yet" in " ".join(render(check.message) for check in report.checks)


def test_grading_needs_no_keras():
    loads = "if {'keras', 'jax'} & sys.modules.keys():\n        raise ValueError\n    return poem"
    cell = "import sys\n\n\n" + CELLS["generate_output"].replace("return poem", loads)
    assert scores(grade(with_cells(ASSIGNMENT, [cell]), ASSIGNMENT, 1, ONLY_VERDICTS)) == ASSIGNMENT.points


def test_a_mistake_in_sample_costs_nothing_in_generate_output():
    cell = "def sample(preds, temperature=1.0):\n    return int(np.argmax(preds))"
    report = grade(with_cells(ASSIGNMENT, [cell]), ASSIGNMENT, 1, ONLY_VERDICTS)
    assert scores(report) == {"build_data": 3, "sample": 2, "generate_output": 3}
    assert report.diagnoses["sample"].misconception == "sample-likeliest"


@pytest.mark.parametrize("draw", ["np.random.default_rng().choice(len(p), p=p)", "int((p.cumsum() < random()).sum())"])
def test_whatever_it_draws_with(draw):
    cell = (
        "from random import random\n\n\ndef sample(preds, temperature=1.0):\n"
        f"    p = preds.astype(float) ** (1 / temperature)\n    p /= p.sum()\n    return {draw}"
    )
    for seed in (1, 2):
        assert scores(grade(with_cells(ASSIGNMENT, [cell]), ASSIGNMENT, seed, ONLY_VERDICTS)) == ASSIGNMENT.points


def test_a_notebook_without_marks_is_told_from_the_other_assignments(tmp_path, capsys):
    notebook = nbformat.from_dict(ASSIGNMENT.template)
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
    nbformat.write(notebook, tmp_path / "mine.ipynb")
    assert main(["check", "--json", "--course", str(ROOT), str(tmp_path / "mine.ipynb")]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["assignment"], said["score"], said["max_score"]) == ("shakespeare", 10, 10)


def test_what_is_no_notebook_is_said_of_the_file(tmp_path, capsys):
    (tmp_path / "mine.ipynb").write_text("no notebook")
    assert main(["check", "--course", str(ROOT), str(tmp_path / "mine.ipynb")]) == 2
    assert "not a Jupyter notebook" in capsys.readouterr().err
