"""What a course's nbgrader_config.py says, read without nbgrader, which takes seconds to import."""

from __future__ import annotations

import copy
import importlib
from dataclasses import dataclass
from pathlib import Path

from nbformat.notebooknode import NotebookNode
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from autograder import MOVED
from autograder.errors import CannotGrade

CONFIG = "nbgrader_config.py"

Words = tuple[tuple[str, str], ...]  # what a course marks hidden text with -> what nbgrader does by default

# How nbgrader marks what students are not to see.
MARKS = {
    "ClearHiddenTests": {"begin_test_delimeter": "BEGIN HIDDEN TESTS", "end_test_delimeter": "END HIDDEN TESTS"},
    "ClearMarkScheme": {
        "begin_mark_scheme_delimeter": "BEGIN MARK SCHEME",
        "end_mark_scheme_delimeter": "END MARK SCHEME",
    },
}


def course_config(root: Path) -> Config:
    """The configuration of the course in `root`. Raises CannotGrade where it cannot be read."""
    try:
        config = PyFileConfigLoader(CONFIG, path=str(root)).load_config()
        for section in config.values():
            for value in section.values():
                if isinstance(value, str) and value.rpartition(".")[0] in MOVED:
                    importlib.import_module(value.rpartition(".")[0])
    except (SyntaxError, NameError, ImportError) as error:
        raise CannotGrade(
            "{file} cannot be read: {kind}: {error}.", file=root / CONFIG, kind=type(error).__name__, error=error
        ) from None
    return config


@dataclass(frozen=True)
class Settings:
    """What of the configuration an assignment is read with."""

    source: Path  # these three are directories
    release: Path
    submitted: Path
    words: Words  # those of the course's own
    left_to_nbgrader: tuple[str, ...]  # the assignments that nbgrader executes itself, in a kernel


def course_settings(root: Path) -> Settings:
    """The settings of the course in `root`: nbgrader's own where there is no configuration yet."""
    config = course_config(root) if (root / CONFIG).is_file() else Config()
    source, release, submitted = (root / str(config.CourseDirectory.get(f"{name}_directory", name))
                                  for name in ("source", "release", "submitted"))  # fmt: skip
    marks = ((config[section].get(trait, word), word) for section, words in MARKS.items()
             for trait, word in words.items())  # fmt: skip
    words = tuple((str(own), word) for own, word in marks if own != word)
    left = tuple(str(name) for name in config.GradeInSandbox.get("left_to_nbgrader", []))
    return Settings(source, release, submitted, words, left)


def config_text(words: Words) -> str:
    """The text of a configuration that sets these words and nothing else: a cluster's worker needs no more."""
    own = {usual: word for word, usual in words}
    lines = (f"c.{section}.{trait} = {own[usual]!r}" for section, traits in MARKS.items()
             for trait, usual in traits.items() if usual in own)  # fmt: skip
    return "\n".join(("c = get_config()", *lines, ""))


def with_usual_words(notebook: NotebookNode, words: Words) -> NotebookNode:
    """The notebook with nbgrader's own words on the lines that mark hidden text."""
    if not words:
        return notebook
    notebook = copy.deepcopy(notebook)
    for cell in notebook.cells:
        mark = cell.metadata.get("nbgrader", {})
        if not mark.get("solution") and (mark.get("grade") or mark.get("task")):
            cell.source = "\n".join(_usual(line, words) for line in cell.source.split("\n"))
    return notebook


def _usual(line: str, words: Words) -> str:
    word = next((word for own, word in words if own in line), None)
    return line if word is None else f"{line[: len(line) - len(line.lstrip())]}### {word}"
