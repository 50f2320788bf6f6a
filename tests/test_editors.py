"""Notebooks that went through other tools, which lose or add metadata, are graded as they were before."""

import json
import subprocess
import sys

import nbformat
import pytest

from tests.test_grade_class import grade, gradebook

pytestmark = pytest.mark.slow

EXAMPLES = ("perfect", "sample-takes-the-maximum")


def run(*words, cwd):
    subprocess.run([sys.executable, "-m", *words], cwd=cwd, check=True, capture_output=True)


def jupytext(path, form, *options):
    """To a text file and back, as who keeps notebooks in git does."""
    text = f"notebook.{form.partition(':')[0]}"
    run("jupytext", "--to", form, "--output", text, *options, path.name, cwd=path.parent)
    path.unlink()
    run("jupytext", "--from", form, "--to", "ipynb", "--output", path.name, text, cwd=path.parent)


def without_metadata(path):
    jupytext(path, "py:percent", "--opt", "notebook_metadata_filter=-all", "--opt", "cell_metadata_filter=-all")


def markdown(path):
    jupytext(path, "md", "--opt", "cell_metadata_filter=-all")


def percent(path):
    jupytext(path, "py:percent")


def nbstripout(path):
    run("nbstripout", path.name, cwd=path.parent)


def nbstripout_of_everything(path):
    keys = "metadata.kernelspec metadata.language_info cell.metadata.nbgrader"
    run("nbstripout", "--extra-keys", keys, path.name, cwd=path.parent)


def colab(path):
    """What Colab's download looks like: its own metadata, ids in the metadata instead of the cells, nbformat 4.0."""
    notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        cell["metadata"] = {"id": cell.pop("id", "x"), "colab": {"base_uri": "https://localhost:8080/"}}
    notebook["metadata"] = {"colab": {"provenance": []}, "kernelspec": {"name": "python3", "display_name": "Python 3"}}
    path.write_text(json.dumps({**notebook, "nbformat": 4, "nbformat_minor": 0}), "utf-8")


def vs_code(path):
    """VS Code keeps nbgrader's metadata, adds its own, and writes the environment's name for the kernel."""
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.metadata["vscode"] = {"languageId": "python"}
    notebook.metadata["kernelspec"] = {"display_name": ".venv (3.11.9)", "language": "python", "name": ".venv"}
    nbformat.write(notebook, path)


def renamed(path):
    path.rename(path.with_name("dinosaur-island (1) final.ipynb"))


TOOLS = (without_metadata, markdown, percent, nbstripout, nbstripout_of_everything, colab, vs_code, renamed)
LOSE = (without_metadata, markdown, nbstripout_of_everything, colab)


@pytest.fixture(scope="module")
def graded(course, examples):
    """A class in which each example was handed in once as it is, and once from each tool."""
    assert course.nbgrader("generate_assignment", "dinosaur-island").returncode == 0
    for example in EXAMPLES:
        content = (examples / f"{example}.ipynb").read_bytes()
        course.submit(f"{example}-untouched", content)
        for tool in TOOLS:
            student = f"{example}-{tool.__name__}"
            course.submit(student, content)
            tool(course.root / "submitted" / student / "dinosaur-island" / "dinosaur-island.ipynb")
    done = grade(course.root)
    assert done.returncode == 0, done.stdout + done.stderr
    course.scores = gradebook(course)
    return course


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.__name__)
def test_a_notebook_from_another_tool_gets_the_same_grade(graded, tool, example):
    assert graded.scores[f"{example}-{tool.__name__}"] == graded.scores[f"{example}-untouched"]


@pytest.mark.parametrize("tool", LOSE, ids=lambda tool: tool.__name__)
def test_check_says_what_was_repaired(graded, tool):
    path = graded.root / "submitted" / f"perfect-{tool.__name__}" / "dinosaur-island" / "dinosaur-island.ipynb"
    command = [sys.executable, "-m", "autograder", "check", "--json", str(path)]
    report = json.loads(subprocess.run(command, cwd=graded.root, capture_output=True, text=True, check=True).stdout)
    assert report["score"] == 100
    assert report["problems"]


def test_nbgrader_alone_grades_a_renamed_notebook_too(graded, examples):
    graded.submit("alone", (examples / "perfect.ipynb").read_bytes())
    renamed(graded.root / "submitted" / "alone" / "dinosaur-island" / "dinosaur-island.ipynb")
    done = graded.nbgrader("autograde", "dinosaur-island", "--student", "alone")
    assert done.returncode == 0, done.stderr
    assert sum(gradebook(graded)["alone"].values()) == 100
