"""The package as others get it: built, installed into a fresh environment outside of the clone, and used there."""

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", str(folder), str(ROOT)], check=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Runs a command of a fresh environment that has the wheel, in a new course."""
    environment = tmp_path_factory.mktemp("environment")
    course = tmp_path_factory.mktemp("course")
    subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    locked = ["--require-hashes", "--requirement", str(ROOT / "requirements-grading.lock")]
    subprocess.run([*pip, *locked], check=True)
    subprocess.run([*pip, "--no-deps", str(wheel)], check=True)

    def run(command, *arguments, status=0, cwd=course):
        plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        done = subprocess.run([str(environment / "bin" / command), *arguments], cwd=cwd, env=plain,
                              capture_output=True, text=True, timeout=300)  # fmt: skip
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    run.course = course
    return run


def test_the_wheel_holds_the_engine_and_no_course(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    assert {name.split("/")[0].partition("-")[0] for name in names} == {"autograder", "nbgrader_outside"}
    assert not any("dinosaur" in name or "assignments" in name for name in names)
    assert "autograder/locale/zh_Hant/LC_MESSAGES/autograder.po" in names
    assert "autograder/pages/fonts/NotoSansCJKtc-subset.otf" in names
    metadata = next(name for name in names if name.endswith("METADATA"))
    with zipfile.ZipFile(wheel) as archive:
        described = archive.read(metadata).decode()
    assert "License-Expression: MIT" in described and "Requires-Python: >=3.11" in described


def test_an_installed_wheel_takes_a_course_through_its_cycle(installed):
    installed("autograder", "new", "averages")
    assert "0 errors" in installed("autograder", "selftest")
    installed("nbgrader", "generate_assignment", "averages")
    for student, folder in {"ann": "source", "bob": "release"}.items():
        handed_in = installed.course / "submitted" / student / "averages" / "averages.ipynb"
        handed_in.parent.mkdir(parents=True)
        handed_in.write_bytes((installed.course / folder / "averages" / "averages.ipynb").read_bytes())
    assert "2 submissions: 2 graded, 2 recorded, 0 failed" in installed("autograder", "grade")
    installed("autograder", "report")
    installed("nbgrader", "export")
    rows = (installed.course / "grades.csv").read_text().splitlines()
    assert [row.split(",")[3:4] + row.split(",")[-2:-1] for row in rows[1:]] == [["ann", "10"], ["bob", "0"]]


def test_the_demo_of_an_installed_wheel_says_where_the_demo_is(installed):
    said = installed("autograder", "demo", status=2)
    assert "make demo" in said and "Traceback" not in said


def test_a_course_that_students_code_could_read_is_refused(installed):
    """Whoever runs in the sandbox can read all of site-packages."""
    packages = Path(installed("python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    shutil.copytree(installed.course / "source", packages / "course" / "source")
    for name in ("nbgrader_config.py", "autograder"):
        (packages / "course" / name).symlink_to(installed.course / name)
    notebook = installed.course / "source" / "averages" / "averages.ipynb"
    said = installed("autograder", "check", str(notebook), status=2, cwd=packages / "course")
    assert "could read" in said and "Traceback" not in said


def test_a_name_of_version_0_1_gets_a_sentence_with_the_new_one(installed):
    config = installed.course / "nbgrader_config.py"
    kept = config.read_text()
    for new, old, told in (
        (
            "from autograder import plug_in",
            "from autograder.nbgrader_setup import plug_in",
            "nbgrader_setup is autograder since",
        ),
        ("autograder.plugins.late.", "autograder.late.", "autograder.late is autograder.plugins.late since"),
    ):
        assert new in kept
        config.write_text(kept.replace(new, old))
        said = installed("autograder", "grade", status=2)
        assert told in said and "Traceback" not in said
    config.write_text(kept)
