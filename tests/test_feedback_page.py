"""The feedback page: what is on it, and that nothing a student writes can break it, act in it, or lie over it."""

import re
import time

import nbformat
import pytest

from autograder.grading.report import Check, Diagnosis, Report
from autograder.messages import Message
from autograder.pages.feedback_page import Recorded, render_feedback

ANSWER = "# the student's code"
NOT_RECORDED = Recorded()
REPORT = Report(
    "ps1",
    (
        Check("a", "clip", "Keeps small `x`.", "passed", 5, 5),
        Check("b", "clip", "Keeps large `x`.", "failed", 0, 10, Message("It is `{a}` and should be `{b}`.", a=3, b=4)),
    ),
    (Message("Cell 9 is damaged and was skipped."),),
    {"clip": Diagnosis("misconception", Message("You forgot `out`."))},
)


def notebook(*cells):
    """A recorded notebook: an answer, its test cell, and `cells`."""
    v4 = nbformat.v4
    answer = v4.new_code_cell(ANSWER, metadata={"nbgrader": {"grade_id": "clip", "solution": True}})
    test = {"grade_id": "test-clip", "grade": True, "solution": False, "locked": True, "points": 15}
    tests = "assert visible\n### BEGIN HIDDEN TESTS\nassert secret\n### END HIDDEN TESTS\nassert also_visible"
    return v4.new_notebook(cells=[answer, v4.new_code_cell(tests, metadata={"nbgrader": test}), *cells])


def page(*markdown, report=REPORT, recorded=NOT_RECORDED):
    cells = [nbformat.v4.new_markdown_cell(text) for text in markdown]
    return render_feedback("ps1", notebook(*cells), report, recorded)


def test_scores_reasons_and_what_a_person_added():
    recorded = Recorded({"test-clip": (7, 15)}, {"clip": "Nice **try**.", "other": ""}, 2.5)
    text = page("$x^2$", recorded=recorded)
    wanted = """
        4.5 of 15 points|7 of 15|the checks gave 5|−2.5|You forgot <code>out</code>.|Cell 9 is damaged
        It is <code>3</code> and should be <code>4</code>.|<strong>try</strong>|the student's code
        href="#test-clip"|id="test-clip"|<msup><mi>x</mi><mn>2</mn></msup>
    """
    for words in re.split(r"[|\n]\s*", wanted.strip()):
        assert words in text
    assert "secret" not in text and "also_visible" in text
    assert "comment-other" not in text


def test_the_top_says_what_to_look_at_first():
    top, below = page("x").split("<h2>The notebook</h2>")
    assert "Look at <code>clip</code> first." in top and "Cell 9 is damaged" in top
    assert '<a href="#test-clip">Go to clip</a>' in top
    assert "<h3>clip: 5 of 15 points</h3>" in below and "Cell 9 is damaged" not in below
    full = page("x", report=Report("ps1", (Check("a", "clip", "Keeps small `x`.", "passed", 15, 15),)))
    assert "15 of 15 points" in full and "Look at" not in full


def test_penalties_leave_no_less_than_nothing():
    assert '<p class="score">0 of 15 points</p>' in page("x", recorded=Recorded({"test-clip": (1, 15)}, {}, 2))


def test_why_there_is_no_grade_is_said_once():
    recorded = notebook()
    recorded.cells[1].outputs = [nbformat.v4.new_output("display_data", {"text/plain": "This file is empty."})]
    for why in ("This file is empty.", Message("This file is empty.")):
        assert render_feedback("ps1", recorded, why, NOT_RECORDED).count("This file is empty.") == 1


def test_without_a_report_the_recorded_text_is_shown():
    recorded = notebook()
    data = {"text/plain": "clip: 5 / 15 points", "text/html": "<b>x</b>"}
    recorded.cells[1].outputs = [nbformat.v4.new_output("display_data", data)]
    text = render_feedback("ps1", recorded, "This file is empty.", Recorded({"test-clip": (5, 15)}))
    assert "This file is empty." in text and "<pre>clip: 5 / 15 points</pre>" in text


HARMFUL = r"""
<script>alert(1)</script>
<img src=x onerror=alert(1)>
![x](http://example.org/spy.png)
<svg onload=alert(1)></svg>
<iframe srcdoc='<script>alert(1)</script>'></iframe>
<b onclick=alert(1)>x</b>
[x](javascript:alert(1))
<a href='javascript:alert(1)'>x</a>
<a href='#test-clip' id='test-clip' name='test-clip'>x</a>
<h1 id=test-clip>x</h1>
# test-clip {#test-clip}
<style>main { display: none }</style>
<p style='position: fixed; top: 0'>x</p>
<td style='background: url(http://example.org)'>x
<link rel=stylesheet href=x>
$\style{position: fixed; top: 0}{100 of 100}$
$\href{javascript:alert(1)}{x}$
$\class{score}{x}$ $\cssId{test-clip}{x}$
<div class=score>100 of 100 points</div>
</section></main></body></html><script>alert(1)</script>
<math><mtext><img src=x onerror=alert(1)></mtext></math>
<math><maction actiontype='x' href='javascript:alert(1)'>
<form action=http://example.org><input autofocus onfocus=alert(1)><button>x</button></form>
<meta http-equiv=refresh content=0>
<base href=http://example.org><object data=x></object><embed src=x>
<!--><script>alert(1)</script>-->
""".strip().splitlines()
TAGS = """script img svg iframe style link form input meta base object embed maction button""".split()  # noqa: SIM905


@pytest.mark.parametrize("markdown", HARMFUL)
def test_what_students_write_does_nothing(markdown):
    body = page(markdown, "The next cell.").split("<body>")[1]
    assert not [tag for tag in TAGS if f"<{tag}" in body]
    assert not re.search(r"<[^>]* on\w+=|<[^>]*(javascript:|position|url\()", body)
    assert body.count('id="test-clip"') == body.count('class="score"') == body.count("</main>") == 1
    assert body.count('href="#') == 1
    assert "<p>The next cell.</p>" in body


def test_the_page_runs_and_loads_nothing():
    text = page("$x$")
    assert "default-src 'none'; img-src data:; style-src 'unsafe-inline'" in text
    assert "<script" not in text and "http://" not in text and "https://" not in text


@pytest.mark.parametrize("heading", ["# a", "## a", "a\n=", "<h1>a</h1>", "<h2>a</h2>"])
def test_headings_of_a_notebook_stand_below_the_pages_own(heading):
    text = page(heading)
    assert text.count("<h1>") == text.count("<h2>") == 1


@pytest.mark.parametrize(
    "cells",
    [
        ["![" * 9_990] * 250,
        ["\\begin{a}" * 2_200] * 250,
        ["|a" * 100 + "\n" + "|-" * 100 + "\n" + "|\n" * 9_000] * 250,
        ["$" + "{" * 1_900 + "$"] * 250,
        ["<b a=1>" * 1_400 + "\n\n<p>" * 1_400] * 250,
        ["x" * 9_000_000],
        ["\n" * 9_000_000],
        ["*a" * 6_000] * 2_000,
    ],
    ids=["brackets", "environments", "tables", "formulas", "tags", "one text", "empty lines", "stars"],
)  # fmt: skip
def test_no_markdown_takes_the_page_down(cells):
    start = time.process_time()
    text = page(*cells)
    assert time.process_time() - start < 2  # in this process; the other one has its own limits
    assert "5 of 15 points" in text and "should be <code>4</code>" in text
    assert len(text) < 25_000_000


@pytest.mark.parametrize(
    "code", ["\n" * 40_000, "x" * 9_000_000, "(" * 49_000, "'" * 49_000, "\\\n" * 24_000, "f'{" * 6_000]
)
def test_no_code_takes_the_page_down(code):
    cells = [nbformat.v4.new_code_cell(code) for _ in range(20)]
    text = render_feedback("ps1", notebook(*cells), REPORT, NOT_RECORDED)
    assert "5 of 15 points" in text and "student's code" in text


def test_a_notebook_that_is_too_large_to_lay_out_leaves_the_scores():
    text = page(*["&" * 20_000] * 1_000)
    assert "This cell is not shown" in text or "The notebook is not shown here" in text
    assert "5 of 15 points" in text and "It is <code>3</code>" in text


def test_long_text_says_how_much_is_left_out():
    assert "… and 100 more characters" in page("y" * 50_100)


def test_pages_are_alike_for_alike_notebooks():
    assert page("*a* $b$") == page("*a* $b$")
