"""What students write, in a real browser: no script of theirs runs on a feedback page, nothing is loaded for them."""

import shutil
import subprocess
import sys

import pytest

from tests.redteam.attacks import ATTACKS, Surroundings, submission

pytestmark = pytest.mark.browser
BROWSER = [
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic", "--virtual-time-budget=3000", "--dump-dom",
]  # fmt: skip
HTML = [name for family, name in ATTACKS if family == "html"]
SCRIPT = "document.documentElement.dataset.pwned = 1"
STUDENT = f"<img src=x onerror='{SCRIPT}'>"


def shown(page, tmp_path):
    """The page's DOM after its scripts have run."""
    command = [*BROWSER, f"--user-data-dir={tmp_path / 'browser'}", page.as_uri()]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=True).stdout


@pytest.fixture(scope="module")
def pages(course, tmp_path_factory):
    """The course after it was graded: a student for each attack, and one with a name that attacks."""
    course.around = Surroundings(tmp_path_factory.mktemp("around") / "grader", course.root)
    assert course.nbgrader("generate_assignment", "dinosaur-island").returncode == 0
    for name in HTML:
        course.submit(name, submission("html", name, course.around.places))
    course.submit(STUDENT, submission("html", "keys", course.around.places))
    assert course.nbgrader("autograde", "dinosaur-island").returncode == 0
    assert course.nbgrader("generate_feedback", "dinosaur-island").returncode == 0
    yield course
    course.around.close()


def test_the_browser_would_run_a_script(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(f"<html><body>{STUDENT}</body></html>")
    assert 'data-pwned="1"' in shown(page, tmp_path)
    shutil.rmtree(tmp_path / "browser")


def test_a_script_that_got_into_a_page_would_not_run(pages, tmp_path):
    text = pages.feedback(HTML[0]).replace("</body>", f"{STUDENT}<script>{SCRIPT}</script></body>")
    page = tmp_path / "page.html"
    page.write_text(text)
    dom = shown(page, tmp_path)
    assert SCRIPT in dom
    assert "data-pwned" not in dom.split("<body", 1)[0]


def test_no_script_of_a_students_runs_in_the_class_report(pages, tmp_path):
    subprocess.run([sys.executable, "-m", "autograder", "report"], cwd=pages.root, check=True)
    dom = shown(pages.root / "dinosaur-island-report.html", tmp_path)
    assert SCRIPT in dom
    assert "data-pwned" not in dom.split("<body", 1)[0]


@pytest.mark.parametrize("student", [*HTML, STUDENT])
def test_no_script_of_a_students_runs(student, pages, tmp_path):
    page = pages.root / "feedback" / student / "dinosaur-island" / "dinosaur-island.html"
    dom = shown(page, tmp_path)
    assert "points" in dom.split("<body", 1)[1]
    assert "data-pwned" not in dom.split("<body", 1)[0]
    assert pages.around.harm("") == []
