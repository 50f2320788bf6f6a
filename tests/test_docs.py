"""Commands in the documentation, followed to the letter."""

import contextlib
import csv
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from autograder.course.new_assignment import new_assignment

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]


def commands(page):
    """The blocks of shell commands on a page."""
    return re.findall(r"^```sh\n(.*?)^```$", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def run(script, cwd):
    """Run commands as they stand; each has to succeed."""
    environment = {name: value for name, value in os.environ.items() if name != "GRADEBOOK_URL"}
    done = subprocess.run(
        ["bash", "-c", "set -euxo pipefail\n" + script], cwd=cwd, env=environment, capture_output=True, text=True,
        timeout=400,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_instructors_page_takes_a_new_course_to_exported_grades(tmp_path):
    course = tmp_path / "statistics"
    course.mkdir()
    run("".join(commands("docs/instructors.md")), course)
    with open(course / "canvas.csv", newline="", encoding="utf-8") as file:
        scores = {row["SIS Login ID"]: row["averages"] for row in csv.DictReader(file)}
    assert scores == {"": "10", "ann": "10", "bob": "0"}
    for name in ("grades.csv", "moodle.csv", "junit.xml", "summary.md", "averages-report.html"):
        assert (course / name).stat().st_size > 0
    assert sorted(path.parts[-3] for path in course.glob("feedback/*/*/*.html")) == ["ann", "bob"]


def test_the_cluster_of_the_page_on_large_classes_grades(tmp_path):
    """But for the first command, which would install this package anew."""
    new_assignment("averages", tmp_path)
    run("nbgrader generate_assignment averages", tmp_path)
    submitted = tmp_path / "submitted" / "ann" / "averages"
    submitted.mkdir(parents=True)
    shutil.copy(tmp_path / "source" / "averages" / "averages.ipynb", submitted)
    _, scheduler, worker, grade = commands("docs/scale.md")[0].replace("SCHEDULER", "127.0.0.1").splitlines()
    with contextlib.ExitStack() as cluster:
        for command in (scheduler, worker):
            process = subprocess.Popen(shlex.split(command, comments=True), cwd=tmp_path, stderr=subprocess.DEVNULL)
            cluster.callback(process.wait)
            cluster.callback(process.terminate)
        run(grade, tmp_path)
    assert list(tmp_path.glob("feedback/ann/*/*.html"))


def test_the_readmes_cycle(course, examples):
    course.submit("ann", (examples / "perfect.ipynb").read_bytes())
    shutil.copyfile(examples / "perfect.ipynb", course.root / "some-notebook.ipynb")
    (cycle,) = (block for block in commands("README.md") if "nbgrader generate_assignment" in block)
    run(cycle.replace(". .venv/bin/activate\n", ""), course.root)
    with open(course.root / "grades.csv", encoding="utf-8") as file:
        assert [float(row["score"]) for row in csv.DictReader(file) if row["student_id"] == "ann"] == [100]
    assert list(course.root.glob("*-report.html"))
    assert list(course.root.glob("feedback/ann/*/*.html"))
