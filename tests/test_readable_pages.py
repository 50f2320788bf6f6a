"""Feedback and class report in a real browser, on a phone and a desk, light and dark: axe finds no fault with them.

Screenshots are kept in build/screenshots/.
"""

import base64
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
SHOTS = Path(__file__).parents[1] / "build" / "screenshots"
TALLEST = 12_000  # pixels of a screenshot
FEEDBACK = "feedback/{}/dinosaur-island/dinosaur-island.html"
PAGES = {
    "report": "dinosaur-island-report.html",
    "feedback": FEEDBACK.format("sample-takes-the-maximum"),
    "feedback-without-grade": FEEDBACK.format("not-a-notebook"),
}


@pytest.fixture(scope="module")
def root(small_class):
    subprocess.run([sys.executable, "-m", "autograder", "report"], cwd=small_class.root, check=True)
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


def test_the_search_leaves_whom_it_finds(root, seen):
    browser = seen(root / PAGES["report"], 1280, "light")
    browser.find_element("id", "search").send_keys("HALF fin")
    rows = browser.find_elements("css selector", "#students tbody tr")
    assert [row.text.split()[0] for row in rows if row.is_displayed()] == ["half-finished"]
    assert browser.find_element("id", "found").text == "1 of 4 students"
    browser.find_element("link text", "half-finished").click()
    assert browser.title == "dinosaur-island: feedback"
