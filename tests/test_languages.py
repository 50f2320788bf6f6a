"""Languages: catalogues lack nothing, pages say nothing in English, and no machine's own language changes anything."""

import ast
import copy
import filecmp
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import nbformat
import pytest
from babel.messages.pofile import read_po

from autograder.cli import main
from autograder.course.demo import make_course
from autograder.course.new_assignment import new_assignment
from autograder.course.translation import in_words, translate
from autograder.errors import CannotGrade
from autograder.grading.assignment import load_assignment
from autograder.grading.checks import grade
from autograder.grading.report import Check, Diagnosis, Picture, Report
from autograder.messages import Language, Message, render, speaking
from autograder.notebook.submission import read_submission
from autograder.pages.class_report import Row, class_html, class_tables
from autograder.pages.feedback import report_text
from autograder.pages.feedback_page import Recorded, render_feedback
from autograder.pages.pictures import png
from autograder.pages.terminal import Terminal
from autograder.sandbox.process import Limits
from benchmarks.catalogues import LESSONS, files, longer, translations
from benchmarks.font import has, needed
from benchmarks.messages import PLACEHOLDER

ROOT = Path(__file__).parents[1]
TEMPLATES = files()
CODE = re.compile(r"`[^`]*`")
PRINTED = re.compile("`(Iteration|第 1 次)[^`]*`")  # what the solution prints, in the lesson's language
HAN = "[\u4e00-\u9fff]"
# What is written otherwise in Taiwan and Hong Kong, or in this course: the right word stands in docs/translating.md.
OTHER_WORDS = re.compile(
    "函數|數組|列表|循環(?!神經|網路)|默認|代碼|變量|字符|采樣|採樣|文件|程序|概率|信息|隱狀態|單元格|運行|返回"
)


def read(path):
    with path.open("rb") as file:
        return read_po(file)


def name_of(path):
    """As in "dinosaur-island-lesson"."""
    return f"{path.parents[1].name}-{path.stem}"


CATALOGUES = [pytest.param(path, template, id=name_of(template))
              for template in TEMPLATES for path in translations(template)]  # fmt: skip


def test_there_is_a_catalogue_for_the_engine_and_for_each_translated_lesson_and_its_checks():
    of_lessons = {f"{folder.name}-{kind}" for folder in LESSONS for kind in ("assignment", "lesson")}
    assert {one.id for one in CATALOGUES} == {"autograder-autograder", *of_lessons}


@pytest.mark.parametrize("template", TEMPLATES, ids=name_of)
def test_the_templates_are_up_to_date(template):
    assert {one.id for one in read(template)} == {one.id for one in TEMPLATES[template]}, "run `make messages`"


@pytest.mark.parametrize(("path", "template"), CATALOGUES)
def test_a_catalogue_lacks_nothing(path, template):
    catalogue = read(path)
    wanted = {one.id for one in TEMPLATES[template] if one.id}
    assert wanted - {one.id for one in catalogue if one.string} == set(), "run `make messages`, and translate these"
    assert [one.id for one in catalogue if one.id and one.fuzzy] == []
    assert {one.id for one in catalogue if one.id} - wanted == set()
    assert catalogue.obsolete == {}


@pytest.mark.parametrize(("path", "template"), CATALOGUES)
def test_code_and_values_are_the_same_in_a_translation(path, template):
    """A value may be said twice, or stand elsewhere; none is invented or lost."""
    for one in read(path):
        if path.stem == "lesson":
            braces = [{*re.findall(r"\{[^{}]*\}", PRINTED.sub("", text))} for text in (one.id, one.string)]
            code = [{*CODE.findall(PRINTED.sub("", text))} for text in (one.id, one.string)]
            assert braces[0] == braces[1] and code[0] == code[1], one.id
        elif one.id:
            values = [{(name, form if "|" not in form else "") for name, form in PLACEHOLDER.findall(text)}
                      for text in (one.id, one.string)]  # fmt: skip
            forms = {(name, "") for name, form in PLACEHOLDER.findall(one.id) if "|" in form}
            assert values[0] - forms <= values[1] <= values[0] | forms, one.id
            assert {*CODE.findall(one.id)} == {*CODE.findall(one.string)}, one.id


@pytest.mark.parametrize(("path", "template"), CATALOGUES)
def test_the_chinese_is_written_as_in_taiwan_and_hong_kong(path, template):
    for one in read(path):
        text = CODE.sub("`x`", one.string).replace(" | ", "|").removesuffix(" |").strip() if one.id else ""
        assert not re.search(f"{HAN}[,;:?!()]|[,;:?!]{HAN}", text), text
        assert not re.search("[，。：；？！（）、] | [，。：；？！（）、]", text), text
        assert not OTHER_WORDS.search(text), text


def test_the_font_has_every_character():
    """Those before U+2E80 are no Chinese, and in matplotlib's own font."""
    assert {chr(one) for one in needed() - has() if one >= 0x2E80} == set(), "run `python -m benchmarks.font`"


# What stands in no brackets on a page was never asked for in another language.
BRACKETED = Language("x-longer", {one.id: longer(one.id) for all_of_it in TEMPLATES.values() for one in all_of_it})
DATA = {"ps1", "clip", "ann", "Lee, Ann", "test-clip", "a", "b"}


class Texts(HTMLParser):
    """What is read on a page, and aloud, but for code."""

    def __init__(self, text):
        super().__init__()
        self.read, self.silent = [], 0
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.silent += tag in ("code", "pre", "style", "script")
        self.read += [value for name, value in attributes if name in ("aria-label", "alt", "title")]

    def handle_endtag(self, tag):
        self.silent -= tag in ("code", "pre", "style", "script")

    def handle_data(self, data):
        if not self.silent:
            self.read.append(data)


def outside_brackets(text):
    """The words on a page that are in no brackets. A sentence may go on after a piece of code."""
    read, depth, found = " ".join(Texts(text).read), 0, []
    for word in re.findall(r"[⟦⟧]|[^\W\d_][^\s⟦⟧]*", read):
        depth += {"⟦": 1, "⟧": -1}.get(word, 0)
        if depth == 0 and word != "⟧":
            found.append(word)
    return [
        word
        for word in found
        if word.strip(".,:]") not in {part for one in DATA for part in one.replace(",", "").split()} | {"s"}
    ]


FOUND = Report(
    "ps1",
    (
        Check("a", "clip", "Any bound works, whole or with decimals, for networks of any size.", "passed", 5, 5),
        Check("b", "clip", "The worked example of the exercise comes out.", "failed", 0, 10,
              Message("`{what}` should be {expected}; yours is {seen}.", what="f(1)", expected="0",
                      seen=Message("an array of shape {shape}", shape="(2,)")), "known"),
        Check("c", "clip", "The worked example of the exercise comes out.", "not assessed", 0, 1),
    ),
    (Message("Cell {cell} is damaged and was skipped.", cell=9),),
    {"clip": Diagnosis("misconception", Message("You clip to [-1, 1], which is tighter than the exercise asks for."))},
    {"seed": "5"},
)  # fmt: skip


def recorded_notebook():
    v4 = nbformat.v4
    test = {"grade_id": "test-clip", "grade": True, "solution": False, "locked": True, "points": 16}
    picture = v4.new_output("display_data", {"image/png": "", "text/plain": ""}, metadata={"alt": "⟦drawn⟧"})
    return v4.new_notebook(
        cells=[
            v4.new_code_cell("x = 1", metadata={"nbgrader": {"grade_id": "clip", "solution": True}}),
            v4.new_code_cell("assert f", metadata={"nbgrader": test}, outputs=[picture]),
            v4.new_markdown_cell("![a](b.png)"),
        ]
    )


def test_nothing_on_the_feedback_page_is_in_english_only():
    recorded = Recorded({"test-clip": (7, 16)}, {"clip": "No response."}, 1.0)
    with speaking(BRACKETED):
        page = render_feedback("ps1", recorded_notebook(), FOUND, recorded)
        without = render_feedback("ps1", recorded_notebook(), Message("This file is empty. {help}", help=""), recorded)
    assert '<html lang="x-longer">' in page
    assert outside_brackets(page) == [] and outside_brackets(without) == []


@pytest.mark.parametrize("folder", LESSONS, ids=lambda folder: folder.name)
def test_nothing_of_a_lesson_is_in_english_only(folder):
    notebook = load_assignment(folder.name, ROOT).template
    lesson = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_markdown_cell(in_words("markdown", cell.source, BRACKETED.known))
            for cell in notebook.cells
            if cell.cell_type == "markdown"
        ]
    )
    with speaking(BRACKETED):
        page = render_feedback("ps1", lesson, replace(FOUND, checks=()), Recorded())
    assert outside_brackets(re.sub(r"<math.*?</math>", "", page, flags=re.DOTALL)) == []


def test_nothing_on_the_class_page_and_in_its_tables_is_in_english_only():
    rows = [
        Row("ann", "Lee, Ann", {"clip": 2.0}, 1.0, FOUND, pages={"a": "a.html", "b": "b.html"}),
        Row("b", points={"clip": 0.0}, report=replace(FOUND, diagnoses={})),
        Row("a", why="⟦broken⟧"),
    ]
    with speaking(BRACKETED):
        page = class_html("ps1", {"clip": 16.0}, rows, {"students": "x.csv", "checks": "y.csv"})
        nobody = class_html("ps1", {"clip": 16.0}, rows[2:], {})
        tables = class_tables({"clip": 16.0}, rows)
    assert outside_brackets(re.sub(r"<svg.*?</svg>", "", page, flags=re.DOTALL)) == []
    assert outside_brackets(re.sub(r"<svg.*?</svg>", "", nobody, flags=re.DOTALL)) == []
    assert longer("points") in page and longer("students") in page  # at the axes of the picture
    for table in tables.values():
        assert all(cell.startswith("⟦") or cell in DATA for cell in table.splitlines()[0].split(","))


def test_nothing_in_the_terminal_is_in_english_only():
    console = Terminal(width=200)
    with speaking(BRACKETED), console.capture() as shown:
        console.print(report_text(FOUND))
    assert outside_brackets(re.sub(r"f\(1\)", "", shown.get())) == []


@pytest.fixture(scope="module")
def chinese(tmp_path_factory):
    """The assignment that `autograder new` writes, in Chinese."""
    root = tmp_path_factory.mktemp("course")
    new_assignment("averages", root)
    description = root / "autograder" / "assignments" / "averages" / "assignment.toml"
    description.write_text('language = "zh-Hant"\n' + description.read_text("utf-8"), "utf-8")
    return load_assignment("averages", root)


def submission(assignment, solution):
    notebook = nbformat.read(assignment.source, as_version=4)
    cell = next(one for one in notebook.cells if one.metadata.get("nbgrader", {}).get("solution"))
    cell.source = solution
    return nbformat.writes(notebook)


BROKEN = "def moving_average(values, window):\n    return None"


@pytest.mark.parametrize("locale", ["de_DE.UTF-8", "C"])
def test_a_check_speaks_the_language_of_the_assignment_whatever_the_machine_speaks(locale, chinese, tmp_path):
    file = tmp_path / "averages.ipynb"
    file.write_text(submission(chinese, BROKEN), "utf-8")
    command = [sys.executable, "-m", "autograder", "check", str(file), "--course", str(chinese.root)]
    environment = {**os.environ, "LANG": locale, "LC_ALL": locale, "LANGUAGE": "fr", "PYTHONUTF8": "1"}
    run = {"capture_output": True, "text": True, "timeout": 100, "env": environment}
    said = subprocess.run(command, **run)
    assert (
        "`len(moving_average(...))` 應該是" in said.stdout and "你的是 None（是不是少了 `return`？）。" in said.stdout
    )
    assert "should be" not in said.stdout
    as_data = json.loads(subprocess.run([*command, "--json"], **run).stdout)
    first = as_data["functions"]["moving_average"]["checks"][0]
    assert first["state"] == "failed" and "應該是" in first["message"]
    file.write_text("", "utf-8")
    empty = subprocess.run(command, **run)
    assert (empty.returncode, empty.stdout) == (2, "") and "這個檔案是空的。" in empty.stderr


def test_a_report_is_the_same_in_any_language(chinese):
    data = submission(chinese, BROKEN).encode()
    with speaking(chinese.language):
        there = grade(data, chinese, seed=5)
    here = grade(data, chinese, seed=5)
    assert there == here
    assert render(here.checks[0].message).startswith("`len(moving_average(...))` should be")


def test_a_language_that_nobody_wrote_is_named(chinese, tmp_path):
    folder = tmp_path / "checks"
    folder.mkdir()
    (folder / "assignment.toml").write_text('language = "tlh"\n', "utf-8")
    with pytest.raises(CannotGrade, match=r"names the language 'tlh', and there are these: en, zh-Hant\."):
        _ = replace(chinese, folder=folder).language


def test_numbers_take_the_form_of_the_language(chinese):
    three = Language("xx", {"{n:file|files}": "{n:one|few|many}"}, lambda n: 0 if n == 1 else 1 if n < 5 else 2)
    with speaking(three):
        assert [render(Message("{n:file|files}", n=n)) for n in (1, 2, 5)] == ["one", "few", "many"]
    with speaking(chinese.language):
        text = "{count} more, worth {points:.5g} {points:point|points}, could not be assessed yet."
        assert render(Message(text, count=1, points=2.5)) == "還有 1 項（共 2.5 分）目前無法評估。"


def test_a_picture_has_characters_and_no_boxes(chinese):
    """Matplotlib warns of each that it lacks, and a warning is an error here."""
    picture = Picture("lines", Message("{title}: table", title="練習"), "points", "students", [1, 2], {"mean": [1, 2]})
    with speaking(chinese.language):
        drawn = png(picture)
        assert "學生" in class_html("x", {"f": 1.0}, [], {})  # at the axis of its own picture
    assert drawn != png(picture)


def test_who_reads_english_waits_for_no_catalogue():
    code = "import autograder.cli, sys; sys.exit('babel.messages' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=100).returncode == 0


TRANSLATION = "dinosaur-island-zh-hant"


@pytest.fixture(scope="module")
def translation():
    return load_assignment(TRANSLATION, ROOT)


def test_the_source_of_the_translation_is_up_to_date(translation, tmp_path):
    make_course(tmp_path, [])
    folder, ours = tmp_path / "source" / TRANSLATION, translation.source.parent
    shutil.rmtree(folder)
    assert main(["translate", TRANSLATION, "--course", str(tmp_path)]) == 0
    names = {str(path.relative_to(one)) for one in (folder, ours) for path in one.rglob("*")
             if path.is_file() and "__pycache__" not in path.parts}  # fmt: skip
    _, different, missing = filecmp.cmpfiles(folder, ours, names, shallow=False)
    assert not (different or missing), "run `make release` and commit the result"


def test_a_translation_changes_words_and_no_code(translation):
    """Without comments, docstrings and strings both notebooks are the same program, cell by cell."""
    cells = zip(translation.template.cells, translation.original.template.cells, strict=True)
    for here, there in cells:
        assert (here.cell_type, here.metadata) == (there.cell_type, there.metadata)
        if here.cell_type == "code":
            assert without_words(here.source) == without_words(there.source)


def without_words(source):
    """The program without its texts; of those with braces, these are left. What is no Python stays as it is."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
        if isinstance(node, ast.JoinedStr):
            node.values = sorted((one for one in node.values if isinstance(one, ast.FormattedValue)), key=ast.dump)
    return ast.dump(tree)


def in_chinese(english, translation):
    """The same student's work, begun with the Chinese release."""
    released = [nbformat.read(one.released, as_version=4).cells for one in (translation.original, translation)]
    given = {there.source: here.source for there, here in zip(*released, strict=True)}
    chinese = copy.deepcopy(english)
    for cell in chinese.cells:
        own = cell.source.replace("Iteration: {j + 1}, Loss: ", "第 {j + 1} 次迭代，損失：")
        cell.source = given.get(cell.source, own)
    return chinese


def test_the_same_of_each_example_is_judged_in_either_language(translation, examples):
    for path in sorted(examples.glob("*.ipynb")):
        if path.stem == "not-a-notebook":
            continue
        english = nbformat.read(path, as_version=4)
        judged = [read_submission(nbformat.writes(notebook).encode(), about.template, list(about.points))
                  for notebook, about in ((in_chinese(english, translation), translation),
                                          (english, translation.original))]  # fmt: skip
        here, there = ([(cell.number, cell.grade_id, without_words(cell.source)) for cell in one.cells]
                       for one in judged)  # fmt: skip
        assert here == there and judged[0].problems == judged[1].problems, path.stem


@pytest.mark.parametrize("example", ["perfect", "sample-takes-the-maximum", "metadata-lost"])
def test_a_submission_from_either_release_gets_the_same_points(example, translation, examples):
    english = nbformat.read(examples / f"{example}.ipynb", as_version=4)
    chinese = in_chinese(english, translation)
    limits = Limits(diagnosis_steps=0)
    reports = [grade(nbformat.writes(chinese).encode(), translation, 5, limits),
               grade(nbformat.writes(english).encode(), translation.original, 5, limits)]  # fmt: skip
    assert reports[0].checks == reports[1].checks and reports[0].problems == reports[1].problems
    assert [report.assignment for report in reports] == [TRANSLATION, "dinosaur-island"]


def test_what_is_no_translation_is_not_translated(chinese):
    with pytest.raises(CannotGrade, match="averages is no translation"):
        translate(chinese)
