"""What is to be translated, as gettext catalogues: `make messages` brings all of them up to date.

The engine's are `autograder/locale/LANGUAGE/LC_MESSAGES/autograder.po`. Those of an assignment's checks, hints and
known mistakes lie beside these: `locale/LANGUAGE/LC_MESSAGES/assignment.po`, and those of its lesson, where another
assignment translates it: `lesson.po`. The `.pot` are those of no language.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from autograder.course.translation import file_texts, notebook_texts
from autograder.grading.assignment import load_assignment, translated_by
from autograder.languages import LOCALE
from benchmarks.messages import PACKAGE, PLACEHOLDER, templates

COURSE = PACKAGE.parent
FOLDERS = sorted(path.parent for path in PACKAGE.glob("assignments/*/assignment.toml"))
TRANSLATED = {folder.name: translated_by(folder.name, COURSE) for folder in FOLDERS}
ASSIGNMENTS = [folder for folder in FOLDERS if not TRANSLATED[folder.name]]
LESSONS = [folder for folder in ASSIGNMENTS if folder.name in TRANSLATED.values()]
WIDTH = 100
PROJECT = "Dinosaur Island"


@cache
def _said() -> list[tuple[str, str]]:
    return [(text, place) for place, text in templates()]


@cache
def engine() -> Catalog:
    """All that the engine says."""
    others = tuple(start for folder in ASSIGNMENTS for start in _starts(folder))
    said = [(text, place) for text, place in _said() if not place.startswith(others)]
    return _catalogue([*said, *_of_pages()])


def assignment(folder: Path) -> Catalog:
    """All that is said of one assignment only, and not by the engine."""
    of_engine = {one.id for one in engine()}
    said = [(text, place) for text, place in _said() if place.startswith(_starts(folder))]
    every = [*_sentences(folder), *said, *_of_pictures(folder)]
    return _catalogue((text, place) for text, place in every if text not in of_engine)


@cache
def lesson(folder: Path) -> Catalog:
    """The notebook that students get, and what lies beside it: what no lesson before says."""
    before = {one.id for other in LESSONS[: LESSONS.index(folder)] for one in lesson(other)}
    about = load_assignment(folder.name, COURSE)
    files = about.sandbox_files.values()
    readmes = (place / "README.md" for place in dict.fromkeys([about.source.parent, *(path.parent for path in files)]))
    beside = [*(path for path in readmes if path.is_file()), *(path for path in files if path.suffix == ".py")]
    texts = [(text, about.source.name) for text in notebook_texts(about.template)]
    texts += [(text, str(path.relative_to(COURSE))) for path in beside for text in file_texts(path)]
    return _catalogue((text, place) for text, place in texts if text not in before)


def files() -> dict[Path, Catalog]:
    """The catalogues without translations by their files."""
    checks = {folder / "locale" / "assignment.pot": assignment(folder) for folder in ASSIGNMENTS}
    lessons = {folder / "locale" / "lesson.pot": lesson(folder) for folder in LESSONS}
    return {LOCALE / "autograder.pot": engine(), **checks, **lessons}


def _starts(folder: Path) -> tuple[str, str]:
    """How the places of an assignment's templates begin."""
    return f"assignments/{folder.name}/", f"{folder.name}, "


def translations(template: Path) -> list[Path]:
    """The catalogues of the languages that there are for this one."""
    return sorted(template.parent.glob(f"*/LC_MESSAGES/{template.stem}.po"))


def longer(text: str) -> str:
    """A text as of another language: in brackets, and 40 % longer. What is in none was never translated."""
    row = " |" if text.endswith(" |") else ""  # of a table
    more = (" longer" * len(text))[: math.ceil(len(text) * 0.4)].rstrip()
    return f"⟦{text.removesuffix(row)}{more}⟧{row}"


def _of_pages() -> Iterator[tuple[str, str]]:
    for path in sorted((PACKAGE / "pages" / "templates").glob("*.j2")):
        with path.open("rb") as file:
            for _, _, text, _ in babel_extract(file, ["said"], (), {}):
                yield (text if isinstance(text, str) else text[0]), f"pages/templates/{path.name}"


def _sentences(folder: Path) -> Iterator[tuple[str, str]]:
    """The docstrings of checks."""
    for path in sorted(folder.glob("test_*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            if (
                isinstance(node, ast.FunctionDef)
                and node.name.startswith("test_")
                and (said := ast.get_docstring(node))
            ):
                yield " ".join(said.split()), path.name


def _of_pictures(folder: Path) -> Iterator[tuple[str, str]]:
    """The labels of pictures, and the names of what is drawn in them."""
    for path in sorted(folder.glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        series = [one for node in ast.walk(tree) if isinstance(node, ast.Assign) for one in [node.value]
                  if getattr(node.targets[0], "id", "") == "series" and isinstance(one, ast.Dict)]  # fmt: skip
        pictures = [node for node in ast.walk(tree) if isinstance(node, ast.Call)
                    and getattr(node.func, "id", "") == "Picture"]  # fmt: skip
        for drawn in [*series, *(argument for picture in pictures for argument in picture.args[1:])]:
            keys = drawn.keys if isinstance(drawn, ast.Dict) else getattr(drawn, "elts", [drawn])
            yield from ((one.value, path.name) for one in keys
                        if isinstance(one, ast.Constant) and isinstance(one.value, str))  # fmt: skip


def _catalogue(said: Iterable[tuple[str, str]]) -> Catalog:
    found = Catalog(project=PROJECT, charset="utf-8")
    for text, place in said:
        file = place.partition(",")[0].partition(":")[0]
        # not what the engine could take for a language: a placeholder alone, or a pattern
        outside = PLACEHOLDER.sub(lambda one: one[2] if "|" in (one[2] or "") else "", text)
        if any(char.isalpha() for char in outside) and not text.startswith("^"):
            found.add(text, locations=[(file, 1)], flags=["python-brace-format"] if PLACEHOLDER.search(text) else [])
            found[text].flags.discard("python-format")  # a percent sign is one
    return found


def write(path: Path, catalogue: Catalog) -> None:
    """Write a catalogue, with the files in which a message stands, and without lines: they change too often."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, catalogue, width=WIDTH, include_lineno=False, omit_header=catalogue.locale is None)


def main() -> None:
    for path, template in files().items():
        write(path, template)
        for translated in translations(path):
            with translated.open("rb") as file:
                catalogue = read_po(file)
            catalogue.update(template, update_header_comment=False, update_creation_date=False)
            catalogue.obsolete.clear()
            for one in catalogue:
                one.flags.discard("python-format")
            write(translated, catalogue)
            lacking = sum(not one.string or one.fuzzy for one in catalogue if one.id)
            print(f"{translated}: {len(catalogue)} messages, {lacking} to be translated or looked through")


if __name__ == "__main__":
    main()
