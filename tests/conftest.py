"""Fixtures for the whole suite: the environment's commands on PATH, and a course directory of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from autograder.course.demo import make_course
from autograder.course.new_assignment import new_assignment

os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
os.environ["PYTHONPATH"] = str(Path(__file__).parent / "quick_start")

# The same examples each time, however busy the machine is. `make fuzz` looks for new ones.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


class Course:
    """A scratch course directory, and nbgrader in it."""

    def __init__(self, root: Path, assignment: str = "dinosaur-island") -> None:
        self.root, self.assignment = root, assignment
        self.kept = root / ".autograder" / assignment

    def nbgrader(self, *arguments):
        """Run an nbgrader command as an instructor does."""
        command = [sys.executable, "-m", "nbgrader", *arguments]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=600, check=False)

    def submit(self, student, content):
        """Put a file's bytes where nbgrader looks for a submission."""
        path = self.root / "submitted" / student / self.assignment / f"{self.assignment}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def feedback(self, student):
        """The text of a student's feedback page."""
        return (self.root / "feedback" / student / self.assignment / f"{self.assignment}.html").read_text("utf-8")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course directory without submissions."""
    root = tmp_path_factory.mktemp("course")
    make_course(root, examples=[])
    return Course(root)


@pytest.fixture(scope="module")
def small_course(tmp_path_factory):
    """A course whose assignment takes no time to grade: the one of `autograder new`, released and handed in."""
    root = tmp_path_factory.mktemp("course")
    new_assignment("averages", root)
    course = Course(root, "averages")
    assert course.nbgrader("generate_assignment", "averages").returncode == 0
    solved = (root / "source" / "averages" / "averages.ipynb").read_bytes()
    course.examples = {
        "perfect": solved,
        "blank": (root / "release" / "averages" / "averages.ipynb").read_bytes(),
        "half-finished": solved.replace(b"(sums[window:] - sums[:-window]) / window", b"sums[window:]"),
        "not-a-notebook": b"It does not open on my computer.",
    }
    for student, content in course.examples.items():
        course.submit(student, content)
    return course


@pytest.fixture(scope="session")
def examples():
    """The folder of the example class."""
    return Path(__file__).parents[1] / "examples" / "submissions"


@pytest.fixture(scope="session")
def small_class(tmp_path_factory, examples):
    """A course with a few of the example class, graded."""
    root = tmp_path_factory.mktemp("class")
    make_course(root, examples=[])
    course = Course(root)
    assert course.nbgrader("generate_assignment", "dinosaur-island").returncode == 0
    for name in ("perfect", "half-finished", "sample-takes-the-maximum", "not-a-notebook"):
        course.submit(name, (examples / f"{name}.ipynb").read_bytes())
    command = [sys.executable, "-m", "autograder", "grade"]
    subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=600)
    return course


BROWSER_OPTIONS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic", "--window-size=1400,1000",
)  # fmt: skip


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """Chromium, driven by Selenium."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for option in (*BROWSER_OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(option)
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    driver.set_script_timeout(120)
    yield driver
    driver.quit()
