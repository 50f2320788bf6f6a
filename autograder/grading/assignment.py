"""What the engine is told about one assignment: its source notebook, its checks, its points, its files."""

from __future__ import annotations

import contextlib
import hashlib
import re
import tomllib
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.errors import CannotGrade
from autograder.grading.configuration import CONFIG, Words, course_settings, with_usual_words
from autograder.grading.hints import Hint
from autograder.languages import language, languages
from autograder.messages import Language, Message
from autograder.notebook.handed_in import Unreadable, read_notebook
from autograder.notebook.judged import Judged, judged
from autograder.notebook.submission import marks_in

ENGINE = Path(__file__).parents[1]
ASSIGNMENTS = ENGINE / "assignments"
DESCRIPTION = "assignment.toml"  # what an assignment with checks of its own has
SUBMITTED = "submitted"  # nbgrader's name for where students' work lies, if a course does not say another


class AssignmentError(CannotGrade):
    """The assignment's own files are wrong; the text says what and where."""


@dataclass(frozen=True)
class Assignment:
    """One notebook of an assignment: `source` is what instructors edit.

    `folder` holds its checks. Where there are none, the notebook's own test cells judge, and it is the source's.
    `translates` is the assignment that this one says in another language: that one's solution and checks judge it.
    """

    name: str
    folder: Path
    source: Path
    root: Path  # the course's root, where utils/ and datasets/ lie
    translates: Assignment | None = None
    calibration: str = ""  # what the solution showed of the test cells (cells.Calibration as JSON), once that is known
    words: Words = ()

    @property
    def original(self) -> Assignment:
        """The assignment whose solution and checks judge: itself, but for a translation."""
        return self.translates or self

    @property
    def notebook(self) -> str:
        """The notebook's name, which is the assignment's where it is the only one."""
        return self.source.stem

    @property
    def released(self) -> Path:
        """The notebook as students get it."""
        return course_settings(self.root).release / self.name / self.source.name

    @cached_property
    def by_cells(self) -> bool:
        """Whether the notebook's own test cells judge."""
        return not (self.folder / DESCRIPTION).is_file()

    @cached_property
    def judged(self) -> Judged:
        """What of the notebook the judge runs, where its own test cells judge."""
        return judged(self.template)

    @cached_property
    def template(self) -> NotebookNode:
        """The source notebook: which cells a submission has, and what they are worth."""
        return with_usual_words(read_source(self.source), self.words)

    @cached_property
    def points(self) -> dict[str, float]:
        """Points by function, in the notebook's order: those of the cell `test-NAME` are for the function NAME.

        Where the notebook's own test cells judge, by their names. Raises AssignmentError where another cell gives
        points that nothing of ours judges.
        """
        if self.by_cells:
            return {name: self.judged.tests[grade_id].points for name, grade_id in self.grade_ids.items()}
        cells = autograded(self.template)
        points = {name.removeprefix("test-"): worth for name, worth in cells.items() if name.startswith("test-")}
        refuse_unjudged(self.name, self.template, (name for name in cells if name.startswith("test-")))
        return points

    @cached_property
    def cell_ids(self) -> set[str]:
        """The grade_ids of all of nbgrader's cells."""
        return {cell.metadata["nbgrader"]["grade_id"] for cell in self.template.cells if "nbgrader" in cell.metadata}

    @cached_property
    def manual(self) -> dict[str, float]:
        """Points of the cells that somebody has to grade, by grade_id: they stay with nbgrader."""
        marks = [cell.metadata.get("nbgrader", {}) for cell in self.template.cells]
        return {mark["grade_id"]: float(mark.get("points", 0)) for mark in marks
                if mark.get("task") or (mark.get("grade") and mark.get("solution"))}  # fmt: skip

    @cached_property
    def grade_ids(self) -> dict[str, str]:
        """Name -> grade_id of the cell that has its points."""
        if not self.by_cells:
            return {name: f"test-{name}" for name in self.points}
        tests = self.judged.tests
        short = {grade_id: grade_id.removeprefix("test-") for grade_id in tests}
        return {grade_id if name in tests else name: grade_id for grade_id, name in short.items()}

    @cached_property
    def _description(self) -> dict[str, Any]:
        return {} if self.by_cells else read_toml(self.folder / DESCRIPTION)

    @property
    def language(self) -> Language:
        """What its pages are written in: `language` of assignment.toml, or English.

        Raises AssignmentError where there is no such language.
        """
        code = self._description.get("language", "en")
        if code not in languages():
            raise AssignmentError(
                "{path} names the language {language}, and there are these: {languages}.",
                path=self.folder / DESCRIPTION,
                language=repr(code),
                languages=", ".join(languages()),
            )
        return language(code, self.original.folder)

    @cached_property
    def sandbox_files(self) -> dict[str, Path]:
        """What lies beside the student's code in the sandbox: path there -> file here."""
        if self.translates:
            return self.translates.sandbox_files
        if self.by_cells:
            return {str(path.relative_to(self.folder)): path for path in _files_in(self.folder)
                    if path.suffix != ".ipynb"}  # fmt: skip
        files = {name: self.root / name for name in self._description.get("sandbox_files", [])}
        if missing := next((path for path in files.values() if not path.is_file()), None):
            raise AssignmentError("assignment.toml names the file {path}, which is not there.", path=missing)
        return files

    @cached_property
    def hints(self) -> tuple[Hint, ...]:
        """What usually causes an exception in this exercise. Raises AssignmentError for a row that is none."""
        rows = self._description.get("hint", [])
        try:
            for row in rows:
                re.compile(row["says"])
            return tuple((str(row["raised"]), row["says"], str(row["tells"])) for row in rows)
        except (KeyError, TypeError, re.error) as error:
            text = "{path}: a [[hint]] needs `raised`, `says` (a regular expression) and `tells`: {error}."
            raise AssignmentError(text, path=self.folder / DESCRIPTION, error=error) from None

    @property
    def import_folders(self) -> tuple[Path, ...]:
        """Where the checks and the solution find what they import beside packages."""
        return self.folder, self.source.parent, self.root

    @cached_property
    def arguments_that_matter(self) -> dict[str, list[str]]:
        """Which arguments of a function have to be as asked after the call: function -> parameter names."""
        return dict(self._description.get("arguments_that_matter", {}))

    @cached_property
    def check_files(self) -> list[Path]:
        """The files in `folder`, without caches and what is hidden."""
        return [] if self.by_cells else _files_in(self.folder)

    @cached_property
    def checks_hash(self) -> str:
        """Changes with anything that a verdict depends on: checks, solution, engine, files in the sandbox."""
        files = {
            "source": self.source,
            **{f"checks/{path.relative_to(self.folder)}": path for path in self.check_files},
            **{f"engine/{path.relative_to(ENGINE)}": path for path in _engine_files()},
            **{f"sandbox/{name}": path for name, path in self.sandbox_files.items()},
        }
        parts = sorted(
            name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest() for name, path in files.items()
        )
        above = self.translates.checks_hash if self.translates else ""
        parts.append(f"{self.calibration}{self.words or ''}{above}".encode())
        return hashlib.sha256(b"".join(parts)).hexdigest()  # the same wherever the course lies


def _files_in(folder: Path) -> list[Path]:
    """The files in a folder, without caches and what is hidden."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [path for path in found if not any(part.startswith((".", "__pycache__"))
                                              for part in path.relative_to(folder).parts)]  # fmt: skip


def _engine_files() -> list[Path]:
    """The modules and templates of this package; assignments, and what a new one is made from, are none of it."""
    found = (path for pattern in ("*.py", "*/**/*.py", "*/**/*.j2", "*/**/*.css") for path in ENGINE.glob(pattern))
    return [path for path in found if path.relative_to(ENGINE).parts[0] not in ("assignments", "new")]


def autograded(notebook: NotebookNode) -> dict[str, float]:
    """Points by grade_id of the cells for which nbgrader gives all their points, unless running them fails."""
    marks = [cell.metadata["nbgrader"] for cell in notebook.cells
             if cell.cell_type == "code" and "nbgrader" in cell.metadata]  # fmt: skip
    return {mark["grade_id"]: float(mark.get("points", 0))
            for mark in marks if mark.get("grade") and not mark.get("solution")}  # fmt: skip


def refuse_unjudged(assignment: str, notebook: NotebookNode, grade_ids: Iterable[str]) -> None:
    """Raise AssignmentError where cells give points that are none of these, which we judge."""
    known = {*grade_ids}
    if unjudged := [name for name, points in autograded(notebook).items() if points and name not in known]:
        raise AssignmentError(
            "Everybody would get the points of these cells of {assignment}, whatever they hand in: {cells}. Hidden "
            "checks judge only cells named test-FUNCTION (`autograder new` writes an example): write checks for these, "
            "mark them for manual grading, or give them no points.",
            assignment=assignment,
            cells=", ".join(unjudged),
        )


def read_source(path: Path) -> NotebookNode:
    """A source notebook. Raises AssignmentError where it cannot be read."""
    try:
        notebook: NotebookNode = nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError) as error:
        raise AssignmentError(
            "{path} is no notebook that can be read: {error}", path=path, error=str(error)[:200]
        ) from None
    for cell in notebook.cells:  # what nbgrader's panel leaves of a mark that was taken away
        if "nbgrader" in cell.metadata and "grade_id" not in cell.metadata["nbgrader"]:
            if cell.metadata["nbgrader"].get("grade"):
                raise AssignmentError(
                    "{path} was marked for an older nbgrader: run `nbgrader update {path}` first.", path=path
                )
            del cell.metadata["nbgrader"]
    return notebook


def read_toml(path: Path) -> dict[str, Any]:
    """What a TOML file holds. Raises AssignmentError where it cannot be read."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise AssignmentError("{path} cannot be read: {error}.", path=path, error=error) from None


def assignment_folder(name: str, root: Path) -> Path | None:
    """Where the checks of an assignment lie, in the course or in this package; None where there are none."""
    folders = (root / "autograder" / "assignments" / name, ASSIGNMENTS / name)
    return next((folder for folder in folders if (folder / DESCRIPTION).is_file()), None)


def load_notebooks(name: str, root: Path) -> list[Assignment]:
    """The notebooks of the assignment `name` of the course in `root`, also those without anything to judge.

    Raises AssignmentError where there is no such assignment, or nothing to judge in any of them.
    """
    found = _notebooks(name, root)
    if not any(_is_judged(one) for one in found):
        raise AssignmentError(
            "Nothing judges {assignment}: its notebooks have no autograder tests, and "
            "autograder/assignments/{assignment}/{file} is missing.",
            assignment=name,
            file=DESCRIPTION,
        )
    return found


def load_assignments(name: str, root: Path) -> list[Assignment]:
    """Of the assignment's notebooks, those with something to judge. Raises AssignmentError where there is none such."""
    return [one for one in _notebooks(name, root) if _is_judged(one)]


def _notebooks(name: str, root: Path) -> list[Assignment]:
    settings = course_settings(root)
    if name in settings.left_to_nbgrader:
        raise AssignmentError("{name} is left to nbgrader: run `nbgrader autograde {name}`.", name=name)
    source, words = settings.source / name, settings.words
    if (folder := assignment_folder(name, root)) is not None:
        notebook = source / f"{name}.ipynb"
        original = translated_by(name, root)
        if original is None and not notebook.is_file():
            raise AssignmentError(
                "The assignment {name} has no source notebook: {notebook} is missing.",
                name=repr(name),
                notebook=notebook,
            )
        if original is not None and (not assignment_folder(original, root) or translated_by(original, root)):
            raise AssignmentError(
                "{path} translates {original}, which is no assignment with checks of its own.",
                path=folder / DESCRIPTION,
                original=repr(original),
            )
        above = None if original is None else load_assignment(original, root)
        return [Assignment(name, folder, notebook, root, above, words=words)]
    found = [Assignment(name, source, path, root, words=words) for path in sorted(source.glob("*.ipynb"))]
    if not found:
        raise AssignmentError(
            "There is no assignment {name}: {source} holds no notebook.", name=repr(name), source=source
        )
    for one in found:
        language = one.template.metadata.get("kernelspec", {}).get("language", "python")
        if _is_judged(one) and language.lower() != "python":
            raise AssignmentError(
                "{notebook} is written in {language}: only notebooks in Python can be judged here. To have nbgrader "
                "execute it, unconfined, write `c.GradeInSandbox.left_to_nbgrader = [{name}]` in {config}.",
                notebook=one.source,
                language=language,
                name=repr(name),
                config=CONFIG,
            )
    return found


def _is_judged(notebook: Assignment) -> bool:
    return not notebook.by_cells or bool(notebook.judged.tests)


def load_assignment(name: str, root: Path, notebook: str | None = None) -> Assignment:
    """The assignment `name` of the course in `root`, or one notebook of it.

    Raises AssignmentError when it is not there, or has several notebooks and none is named.
    """
    found = {one.notebook: one for one in load_notebooks(name, root) if _is_judged(one) or one.notebook == notebook}
    if notebook is not None and notebook not in found:
        raise AssignmentError(
            "The assignment {assignment} has no notebook {notebook}.", assignment=name, notebook=notebook
        )
    if notebook is None and len(found) > 1:
        raise AssignmentError(
            "The assignment {assignment} has several notebooks with tests: {several}.",
            assignment=name,
            several=", ".join(found),
        )
    return found[notebook] if notebook is not None else next(iter(found.values()))


def assignment_names(root: Path) -> list[str]:
    """The assignments of the course in `root`: folders of its sources with checks, or with tests in a notebook."""
    settings = course_settings(root)
    return [
        folder.name
        for folder in sorted(settings.source.glob("*"))
        if folder.name not in settings.left_to_nbgrader
        and (assignment_folder(folder.name, root) or any(_has_tests(path) for path in folder.glob("*.ipynb")))
    ]


def _has_tests(path: Path) -> bool:
    """Whether a source notebook has autograded cells. One that cannot be read has: who asks for it is told."""
    try:
        return bool(autograded(read_source(path)))
    except AssignmentError:
        return True


def only_notebook(name: str, root: Path) -> str | None:
    """The name that a student's only notebook has to have; None where an assignment has several notebooks."""
    found = [path.stem for path in (course_settings(root).source / name).glob("*.ipynb")]
    if not found or (name in found and assignment_folder(name, root)):
        return name
    return found[0] if len(found) == 1 else None


def files_of(notebooks: Sequence[Assignment], files: Sequence[Path]) -> dict[str, list[Path]]:
    """Which of a submission's files are of which of an assignment's notebooks: by their names, or else their cells."""
    if len(notebooks) == 1:
        return {notebooks[0].notebook: [*files]}
    found = {one.notebook: [path for path in files if path.stem == one.notebook] for one in notebooks}
    for path in files:
        if path.stem in found:
            continue
        with contextlib.suppress(Unreadable):
            marks = marks_in(read_notebook(path))
            alike = {one.notebook: len(marks & one.cell_ids) for one in notebooks}
            most = [name for name, count in alike.items() if count and count == max(alike.values())]
            without = [name for name in most if not found[name]]
            if len(without or most) == 1:
                found[(without or most)[0]].append(path)
    return found


def graded_assignments(root: Path) -> list[str]:
    """The assignments of the course with something to judge. Raises AssignmentError for none."""
    names = assignment_names(root)
    if not names:
        raise AssignmentError(
            "No assignment in {source} has checks or autograded tests: write one with `autograder new NAME`.",
            source=course_settings(root).source,
        )
    return names


def only_assignment(root: Path) -> str:
    """The assignment of the course with something to judge, not counting translations.

    Raises AssignmentError for several, or none.
    """
    return only_one(not_translated(graded_assignments(root), root))


def only_one(names: Sequence[str]) -> str:
    """Of one assignment its name. Raises AssignmentError for several."""
    if len(names) > 1:
        raise AssignmentError("Which assignment, {several}? Say its name.", several=" or ".join(names))
    return names[0]


def not_translated(names: Sequence[str], root: Path) -> list[str]:
    """Those of these assignments that translate no other."""
    return [name for name in names if translated_by(name, root) is None]


def translated_by(name: str, root: Path) -> str | None:
    """The assignment that this one says in another language; None where it is none such."""
    folder = assignment_folder(name, root)
    original = read_toml(folder / DESCRIPTION).get("translates") if folder else None
    return None if original is None else str(original)


def in_other_languages(name: str, root: Path) -> list[str]:
    """The other assignments of the same lesson."""
    lesson = translated_by(name, root) or name
    return [one for one in assignment_names(root) if one != name and (translated_by(one, root) or one) == lesson]


def assignment_of(marks: Set[str], file: str, name: str | None, root: Path) -> Assignment:
    """The notebook of the course that these `marks_in` a file come from, or that has its name, or the only one.

    `name` says which assignment, where it is known. Raises AssignmentError where it cannot be told.
    """
    known: dict[str, Assignment] = {}
    why: AssignmentError | None = None
    for one in [name] if name else graded_assignments(root):
        try:
            known.update({f"{one}/{each.notebook}": each for each in load_assignments(one, root)})
        except AssignmentError as error:  # another one may be meant
            why = error
    if not known:
        raise why or AssignmentError("Nothing judges {assignment}.", assignment=name)
    alike = {key: len(marks & each.cell_ids) for key, each in known.items()}
    most = [key for key in known if alike[key] == max(alike.values())]
    named = [key for key in most if known[key].notebook == file]
    if not named:
        most = [key for key in most if not known[key].translates] or most
    if len(named or most) > 1:
        raise AssignmentError(
            "Which notebook, {several}? Say `check --assignment NAME`.", several=" or ".join(named or most)
        )
    return known[(named or most)[0]]


def _is_course(place: Path) -> bool:
    """Whether a course lies there. Nothing of it is run, since a student may have written it."""
    config = place / CONFIG
    return config.is_file() and ((place / "source").is_dir() or b"source_directory" in config.read_bytes())


def course_root(given: Path | None = None) -> Path:
    """The course in the directory `given`, or in the current one or above it; never one that was handed in.

    Raises CannotGrade where there is none, or more than one.
    """
    here = (given or Path.cwd()).resolve()
    places = [here] if given else [here, *here.parents]
    found = [place for place in places if _is_course(place)]
    courses = [place for place in found if SUBMITTED not in place.parts]
    if not courses and found:
        raise CannotGrade(
            "{root} lies in a directory {submitted}/: what was handed in is no course.",
            root=found[0],
            submitted=SUBMITTED,
        )
    if not courses:
        advice = Message("go to the directory with nbgrader_config.py and source/, or name it with --course.")
        if given:
            raise CannotGrade("There is no course in {root}: {advice}", root=here, advice=advice)
        raise CannotGrade("There is no course in {root} or above it: {advice}", root=here, advice=advice)
    if len(courses) > 1:
        raise CannotGrade(
            "The course {root} lies in another one, {other}: name one of them with --course.",
            root=courses[0],
            other=courses[1],
        )
    return courses[0]
