"""Feedback and class report in a real browser, on a phone and a desk, light and dark: axe finds no fault with them.

Screenshots are kept in build/screenshots/.
"""

import base64
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.course.class_rows import class_rows, exercises
from autograder.course.course import Course
from autograder.course.translation import in_words, lesson_words
from autograder.grading.assignment import course_root, load_assignment
from autograder.grading.diagnosis.wording import WHERE
from autograder.grading.report import Check, Diagnosis, Report
from autograder.messages import Language, Message, speaking
from autograder.pages.class_report import Pair, Row, Similar, class_html
from autograder.pages.feedback_page import Recorded, render_feedback
from benchmarks.catalogues import files, longer

pytestmark = pytest.mark.browser
SHOTS = Path(__file__).parents[1] / "build" / "screenshots"
TALLEST = 12_000  # pixels of a screenshot
FEEDBACK = "feedback/{}/dinosaur-island/dinosaur-island.html"
PAGES = {
    "report": "dinosaur-island-report.html",
    "report-with-all-sections": "all-sections.html",
    "feedback": FEEDBACK.format("sample-takes-the-maximum"),
    "feedback-without-grade": FEEDBACK.format("not-a-notebook"),
}


def all_sections():
    """A class report with groups of alike mistakes, with several attempts and with similar submissions."""
    what = Message("`{seen}` stands where `{wanted}` should", seen="window + 1", wanted="window")
    long = "return (running[window:] - running[:-window]) / (window + 1) + np.zeros_like(running[window:])"
    line = Message(WHERE, cell=2, line=5, what=what, code=long)
    known = Message("You always take the most likely letter.")
    seen = Message("`moving_average([1, 2, 3], 2)` should be {expected}; yours is {seen}.", expected="[1.5]", seen=0)
    wrong = {
        "ann": Diagnosis("repair", line, twin=5),
        "bob": Diagnosis("repair", line, twin=5),
        "someone.with-a-rather-long-name@example.org": Diagnosis("misconception", known, "takes-the-maximum"),
        "dot": None,
    }
    rows = []
    for number, (student, one) in enumerate(wrong.items()):
        check = Check("moving_average.of_ones", "moving_average", "The mean of ones is one.", "failed", 0, 10, seen)
        report = Report("averages", (check,), diagnoses={"moving_average": one} if one else {})
        attempts = [(f"2026-11-0{day}T12:00:00+00:00", float(day)) for day in range(1, 3 * number + 2)]
        rows.append(Row(student, points={"moving_average": 2.5}, report=report, attempts=attempts[:9]))
    similar = Similar([Pair("ann", "bob", 1.0), Pair("bob", "dot", 0.425)], 6, 0.2)
    return class_html("averages", {"moving_average": 10.0}, rows, {}, similar=similar)


@pytest.fixture(scope="module")
def root(small_class):
    subprocess.run([sys.executable, "-m", "autograder", "report"], cwd=small_class.root, check=True)
    (small_class.root / PAGES["report-with-all-sections"]).write_text(all_sections(), "utf-8")
    return small_class.root


@pytest.fixture
def seen(browser):
    """Opens a page at a width, in a colour scheme."""

    def open_page(path, width, scheme):
        screen = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", screen)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        browser.get(path.as_uri())
        return browser

    yield open_page
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def shot(browser, name, width):
    height = browser.execute_script("return document.documentElement.scrollHeight")
    clip = {"x": 0, "y": 0, "width": width, "height": min(height, TALLEST), "scale": 1}
    wanted = {"format": "png", "captureBeyondViewport": True, "clip": clip}
    SHOTS.mkdir(parents=True, exist_ok=True)
    (SHOTS / f"{name}.png").write_bytes(
        base64.b64decode(browser.execute_cdp_cmd("Page.captureScreenshot", wanted)["data"])
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("page", PAGES)
def test_pages_can_be_read_by_everybody(root, seen, page, width, scheme):
    from axe_core_python.selenium import Axe

    browser = seen(root / PAGES[page], width, scheme)
    shot(browser, f"{page}-{width}-{scheme}", width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    background = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")
    found = [
        (one["id"], one["impact"], [node["html"][:200] for node in one["nodes"][:3]])
        for one in Axe().run(browser)["violations"]
    ]
    assert not [one for one in found if one[1] not in ("minor", None)]


LESSON = load_assignment("dinosaur-island-zh-hant", course_root())
LONGER = Language("x-longer", {one.id: longer(one.id) for template in files().values() for one in template})


@pytest.mark.parametrize("language", [LONGER, LESSON.language], ids=lambda one: one.code)
def test_pages_have_room_for_another_language(root, seen, language, tmp_path):
    """On a phone: a longer one, and Chinese. The notebook on the feedback page is the lesson."""
    course, english = Course(root), load_assignment("dinosaur-island", root)
    words = LONGER.known if language is LONGER else lesson_words(LESSON)
    notebook = english.template
    for cell in notebook.cells:
        cell.source = in_words(cell.cell_type, cell.source, words)
    recorded = Recorded({grade_id: (1.5, english.points[name]) for name, grade_id in english.grade_ids.items()})
    with speaking(language):
        reports, unread = course.reports([english])
        rows = class_rows(course, [english], reports, unread, tmp_path)
        pages = {
            "report": class_html(english.name, dict(exercises([english]).values()), rows, {"students": "x.csv"}),
            "feedback": render_feedback(english.name, notebook, reports["sample-takes-the-maximum"], recorded),
        }
    for name, text in pages.items():
        path = tmp_path / f"{name}.html"
        path.write_text(text, "utf-8")
        browser = seen(path, 390, "light")
        shot(browser, f"{name}-{language.code}", 390)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= 390, name


def test_the_search_leaves_whom_it_finds(root, seen):
    browser = seen(root / PAGES["report"], 1280, "light")
    browser.find_element("id", "search").send_keys("HALF fin")
    rows = browser.find_elements("css selector", "#students tbody tr")
    assert [row.text.split()[0] for row in rows if row.is_displayed()] == ["half-finished"]
    assert browser.find_element("id", "found").text == "1 of 4 students"
    browser.find_element("link text", "half-finished").click()
    assert browser.title == "dinosaur-island: feedback"
