"""Fixtures for the whole suite: the environment's commands on PATH, and a course directory of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from autograder.course.demo import make_course

os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"

# The same examples each time, however busy the machine is. `make fuzz` looks for new ones.
settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")


class Course:
    """A scratch course directory, and nbgrader in it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def nbgrader(self, *arguments):
        """Run an nbgrader command as an instructor does."""
        command = [sys.executable, "-m", "nbgrader", *arguments]
        return subprocess.run(command, cwd=self.root, capture_output=True, text=True, timeout=600, check=False)

    def submit(self, student, content):
        """Put a file's bytes where nbgrader looks for a submission."""
        path = self.root / "submitted" / student / "dinosaur-island" / "dinosaur-island.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)

    def feedback(self, student):
        """The text of a student's feedback page."""
        return (self.root / "feedback" / student / "dinosaur-island" / "dinosaur-island.html").read_text("utf-8")


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course directory without submissions."""
    root = tmp_path_factory.mktemp("course")
    make_course(root, examples=[])
    return Course(root)


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
