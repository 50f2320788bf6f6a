"""The languages that the engine speaks besides English: gettext catalogues, read when one of them is first spoken.

Those of the engine are `autograder/locale/LANGUAGE/LC_MESSAGES/autograder.po`. What is said of one assignment only, by
its checks and its known mistakes, is in `LC_MESSAGES/assignment.po` of the assignment's own `locale/LANGUAGE/`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from gettext import c2py
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.messages import ENGLISH, Language

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LOCALE = Path(__file__).parent / "locale"


def languages() -> list[str]:
    """The names of those there are, as web pages write them: "en", "zh-Hant"."""
    return sorted(
        [ENGLISH.code, *(path.parents[1].name.replace("_", "-") for path in LOCALE.glob("*/*/autograder.po"))]
    )


def engine_catalogue(code: str) -> Path:
    """Where the engine's own words in a language stand."""
    return _in(LOCALE, code, "autograder.po")


def assignment_catalogue(code: str, folder: Path) -> Path:
    """Where those of the checks in a folder stand, if they are translated."""
    return _in(folder / "locale", code, "assignment.po")


def lesson_catalogue(code: str, folder: Path) -> Path:
    """Where the lesson's stand, beside its checks in a folder.

    A text that several lessons share stands in the catalogue of one of them.
    """
    return _in(folder / "locale", code, "lesson.po")


def _in(locale: Path, code: str, name: str) -> Path:
    return locale / code.replace("-", "_") / "LC_MESSAGES" / name


@lru_cache(maxsize=16)
def language(code: str, folder: Path) -> Language:
    """One of `languages()`, with what the catalogue beside the checks in `folder` adds where there is one."""
    if code == ENGLISH.code:
        return ENGLISH
    engine = read(engine_catalogue(code))
    own = assignment_catalogue(code, folder)
    known = words(engine) | (words(read(own)) if own.is_file() else {})
    plural = c2py(engine.plural_expr)
    return Language(code, known, lambda number: plural(math.ceil(abs(number))))


def read(path: Path) -> Catalog:
    """A catalogue."""
    from babel.messages.pofile import read_po  # takes 0.2 s to import, and who reads English needs none of it

    with path.open("rb") as file:
        return read_po(file)


def words(catalogue: Catalog) -> dict[str, str]:
    """Template -> translation, of what is translated and not in doubt."""
    return {str(one.id): str(one.string) for one in catalogue if one.id and one.string and not one.fuzzy}
