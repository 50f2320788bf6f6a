"""The workflows for GitHub and GitLab: each fits its schema, and its steps are run here, installing excepted."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from autograder.course.demo import make_course

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
STUDENTS = ROOT / "source" / "dinosaur-island"
GITHUB = [*sorted((ROOT / ".github" / "workflows").glob("*.yml")), STUDENTS / ".github" / "workflows" / "check.yml"]
GITLAB = [ROOT / ".gitlab-ci.yml", STUDENTS / ".gitlab-ci.yml"]


def check_schema(schema, path):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.parametrize("path", GITHUB, ids=lambda path: path.stem)
def test_a_github_workflow_fits_the_schema(path):
    done = check_schema("vendor.github-workflows", path)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", GITLAB, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_gitlab_pipeline_fits_the_schema(path):
    done = check_schema("vendor.gitlab-ci", path)
    assert done.returncode == 0, done.stdout


def test_a_workflow_that_does_not_fit_is_seen(tmp_path):
    broken = tmp_path / "broken.yml"
    broken.write_text("on: push\njobs: {one: {steps: [{run: 1}]}}\n")
    assert check_schema("vendor.github-workflows", broken).returncode == 1


def github_steps(path):
    (job,) = yaml.safe_load(path.read_text("utf-8"))["jobs"].values()
    return [step["run"] for step in job["steps"] if "run" in step and step["name"] != "Install"]


def run(script, cwd, **environment):
    """As a runner does: bash, which stops at the first command that fails."""
    variables = {**os.environ, **environment}
    return subprocess.run(
        ["bash", "-eo", "pipefail", "-c", script], cwd=cwd, env=variables, capture_output=True, text=True
    )


@pytest.fixture
def course(tmp_path, examples):
    make_course(tmp_path, [examples / f"{name}.ipynb" for name in ("perfect", "half-finished", "not-a-notebook")])
    return tmp_path


def test_autograde_leaves_what_it_uploads(course):
    path = ROOT / ".github" / "workflows" / "autograde.yml"
    for step in github_steps(path):
        done = run(step, course, GRADEBOOK_URL="sqlite:///gradebook.db", GITHUB_STEP_SUMMARY=str(course / "summary"))
        assert done.returncode == 0, done.stdout + done.stderr
    upload = yaml.safe_load(path.read_text("utf-8"))["jobs"]["autograde"]["steps"][-1]
    assert all((course / name).exists() for name in upload["with"]["path"].split())
    assert "| perfect |" in (course / "summary").read_text("utf-8")
    assert "perfect" in (course / "grades.csv").read_text("utf-8")


def test_gitlabs_autograde_leaves_its_artifacts(course):
    job = yaml.safe_load(GITLAB[0].read_text("utf-8"))["autograde"]
    done = run("\n".join([*job["script"], *job["after_script"]]), course)
    assert done.returncode == 0, done.stdout + done.stderr
    assert all((course / name).exists() for name in (*job["artifacts"]["paths"], "junit.xml"))


@pytest.mark.parametrize(("example", "passes"), [("perfect", True), ("half-finished", False)])
def test_a_students_check_runs_the_visible_tests(tmp_path, examples, example, passes):
    release = tmp_path / "mine"
    shutil.copytree(ROOT / "release" / "dinosaur-island", release)
    assert (release / ".gitlab-ci.yml").read_text() == GITLAB[1].read_text()
    shutil.copy(examples / f"{example}.ipynb", release / "dinosaur-island.ipynb")
    (step,) = github_steps(release / ".github" / "workflows" / "check.yml")
    done = run(step, release)
    assert (done.returncode == 0) == passes, done.stderr
    if not passes:
        assert "NotImplementedError" in done.stderr
