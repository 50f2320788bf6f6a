"""The `autograder` command.

`check` one notebook, `grade` a class, `report` on it, make a mistake in it a known `misconception` or a right answer a
correct `variant`, `selftest` the checks, find out their `strength`, begin a `new` assignment, `translate` one, `demo`
the whole cycle, ask the `doctor` what this machine has.
"""

from __future__ import annotations

import argparse
import codecs
import contextlib
import dataclasses
import gc
import io
import json
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from autograder.course.calibration import ready
from autograder.course.config import course_limits
from autograder.course.doctor import diagnose_machine
from autograder.course.marked import with_note
from autograder.course.new_assignment import new_assignment
from autograder.course.pool import get_ready, local_workers, usable_cores
from autograder.course.report_cache import new_seed, run_seed, timed, write_whole
from autograder.course.selftest import selftest
from autograder.course.strength import strength
from autograder.course.translation import translate
from autograder.course.unseen import unseen
from autograder.errors import CannotGrade
from autograder.grading.assignment import (
    Assignment,
    AssignmentError,
    assignment_names,
    assignment_of,
    course_root,
    files_of,
    graded_assignments,
    load_assignment,
    load_assignments,
    load_notebooks,
    not_translated,
    only_assignment,
    only_one,
)
from autograder.grading.cells import about_cells, not_assessed
from autograder.grading.configuration import course_settings
from autograder.grading.report import Report, together
from autograder.messages import ENGLISH, Message, render, said, speaking
from autograder.notebook.attempts import meant
from autograder.notebook.folder import reached
from autograder.notebook.handed_in import Unreadable, handed_in, read_notebook
from autograder.notebook.submission import marks_in
from autograder.pages.feedback import report_text
from autograder.pages.formats import gradescope, ungraded_gradescope
from autograder.pages.terminal import Parser, Terminal, say
from autograder.sandbox.process import Limits

if TYPE_CHECKING:
    from autograder.course.course import Course
    from autograder.pages.class_report import Similar

NOT_YOUR_FAULT = "Your notebook was not graded, and not by a fault of yours. For your instructor: {why}"
ONLY = "default: the one of this course"


def main(arguments: list[str] | None = None) -> int:
    """Run one command and return its exit status: 2 when there was nothing to grade."""
    parser = Parser(prog="autograder", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="grade one notebook and explain its score")
    check.add_argument("notebook", type=Path, help="or the directory in which it was handed in")
    check.add_argument("--assignment", help=ONLY)
    check.add_argument("--json", action="store_true", help="print one JSON object instead of a page of text")
    check.add_argument("--results", type=Path, help="a file to write too, as Gradescope's results.json")
    check.add_argument("--seed", type=_whole(0), help="of the random inputs; default: a new one, shown in the report")
    check.add_argument("--sandbox", choices=["on", "none", "sandlock"], metavar="on|none",
                       help="none: unconfined; default: as nbgrader_config.py says")  # fmt: skip
    all_of_it = commands.add_parser("grade", help="grade all that was handed in, and record it with nbgrader")
    all_of_it.add_argument("assignment", nargs="?", help="default: all that somebody handed in")
    all_of_it.add_argument("--no-diagnosis", action="store_true", help="do not look for where a function is wrong")
    all_of_it.add_argument("--preview", action="store_true", help="say whose score would change, and record nothing")
    where = all_of_it.add_mutually_exclusive_group()
    where.add_argument("--jobs", type=_whole(1), default=usable_cores(), help="processes; default: one for each core")
    where.add_argument("--scheduler", help="grade on the Dask cluster with this scheduler, such as tcp://host:8786")
    summary = commands.add_parser("report", help="one page about the whole class, from what was graded")
    summary.add_argument("assignment", nargs="?", help="default: the one that was handed in")
    summary.add_argument("--output", type=Path, help="default: ASSIGNMENT-report.html")
    summary.add_argument("--similar", action="store_true", help="also list the pairs with the most code alike")
    test = commands.add_parser("selftest", help="grade every known wrong answer and every correct variant")
    test.add_argument("assignment", nargs="?", default=argparse.SUPPRESS, help=ONLY)
    test.add_argument("--assignment", help=argparse.SUPPRESS)  # how it was named before
    test.add_argument("--seed", type=_whole(0), default=1, help="of the random inputs; default: %(default)s")
    test.add_argument("--seeds", type=_whole(1), default=1, help="how many seeds, from --seed on; default: %(default)s")
    test.add_argument("--jobs", type=_whole(1), help="processes; default: one for each core")
    test.add_argument("--unseen", type=_whole(0), default=40,
                      help="wrong versions to make of each function, to see whether feedback finds their mistakes; "
                      "default: %(default)s")  # fmt: skip
    test.add_argument("--verdicts", type=Path, help="a JSON file to write the state of every check to")
    strong = commands.add_parser("strength", help="show which small mistakes in the solution the tests accept")
    strong.add_argument("assignment", nargs="?", help=ONLY)
    strong.add_argument("--jobs", type=_whole(1), help="processes; default: one for each core")
    row = commands.add_parser("misconception", help="make a group of the class report a row of misconceptions.toml")
    row.add_argument("group", help="as the class report names it")
    row.add_argument("--assignment", help=ONLY)
    other = commands.add_parser("variant", help="make a right function of the class a correct variant in solutions/")
    other.add_argument("function")
    other.add_argument("--assignment", help=ONLY)
    translation = commands.add_parser("translate", help="write the source of a translation anew, from its original")
    translation.add_argument("assignment")
    new = commands.add_parser("new", help="write a minimal assignment, to begin another course with")
    new.add_argument("name")
    commands.add_parser("doctor", help="say what this machine has, and whether students' code can be confined here")
    show = commands.add_parser("demo", help="grade the example class in a scratch course")
    show.add_argument("--keep", type=Path, help="the scratch course's directory; default: a temporary one")
    for command in (check, all_of_it, summary, test, strong, row, other, translation):
        command.add_argument("--course", type=Path, help="its directory; default: the current one or one above it")
    codecs.register_error("autograder.plain", _plainly)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="autograder.plain")
    options = parser.parse_args(arguments)
    try:
        status = COMMANDS[options.command](options)
        sys.stdout.flush()
        return status
    except CannotGrade as error:
        return _no_grade(error)
    except BrokenPipeError:
        with contextlib.suppress(BrokenPipeError):
            sys.stdout.flush()
            raise
        Terminal().on_broken_pipe()  # nobody reads what is printed, as after `| head`
        return 1
    except OSError as error:
        if error.filename is None:
            raise
        say(f"autograder: {error.filename}: {error.strerror}.", sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("autograder: stopped. What was graded is kept; the next run goes on from there.", file=sys.stderr)
        return 130


def _no_grade(error: CannotGrade) -> int:
    say(f"autograder: {error}", sys.stderr)
    return 2


# For terminals and files that hold no such characters; any other becomes a question mark.
PLAIN = {"✓": "+", "✗": "x", "–": "-", "→": "->", "×": "x", "…": "..."}


def _plainly(error: UnicodeError) -> tuple[str, int]:
    """What is printed in the place of characters that the terminal's encoding lacks."""
    assert isinstance(error, UnicodeEncodeError)
    return "".join(PLAIN.get(char, "?") for char in error.object[error.start : error.end]), error.end


def _whole(least: int) -> Callable[[str], int]:
    """An argument's type: a whole number that is not too small."""

    def number(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"should be a whole number from {least} up, not {text!r}")
        return int(text)

    return number


def _assignment(options: argparse.Namespace, root: Path) -> Assignment:
    return load_assignment(options.assignment or only_assignment(root), root)


def _handed_in_for(options: argparse.Namespace, course: Course) -> str:
    """The assignment that was named, or the one that somebody handed in."""
    known = [options.assignment] if options.assignment else graded_assignments(course.root)
    handed_in = known if len(known) == 1 else course.with_submissions(known)
    if not handed_in:
        raise _nothing_to_report(" or ".join(known), course)
    return only_one(handed_in)


def _nothing_to_report(assignment: str, course: Course) -> CannotGrade:
    text = "There is nothing to report: no submitted/STUDENT/{assignment}/ in {root}."
    return CannotGrade(text, assignment=assignment, root=course.root)


def _new(options: argparse.Namespace) -> int:
    for path in new_assignment(options.name, Path.cwd()):
        say(path.relative_to(Path.cwd()))
    print(f"Try it: autograder selftest {options.name}")
    return 0


def _demo(options: argparse.Namespace) -> int:
    from autograder.course.demo import demo  # nbgrader takes seconds to import, and the others do not need it

    return demo(options.keep)


def _translate(options: argparse.Namespace) -> int:
    root = course_root(options.course)
    for path in translate(load_assignment(options.assignment, root)):
        say(path.relative_to(root))
    return 0


def _doctor(_: argparse.Namespace) -> int:
    facts, why_not = diagnose_machine()
    for name, text in facts:
        say(f"{name:<10}{text}")
    if why_not:
        raise CannotGrade("{why}", why=why_not)
    print("Students' code can be confined here.")
    return 0


def _grade(options: argparse.Namespace) -> int:
    if not options.scheduler:
        get_ready()  # meanwhile we import nbgrader
    from autograder.course.course import Course  # as above

    gc.freeze()  # nbgrader, SQLAlchemy and jinja are here to stay, and recording makes many objects
    course = Course(course_root(options.course))
    if options.no_diagnosis:
        course.limits = dataclasses.replace(course.limits, diagnosis_steps=0)
    known = [options.assignment] if options.assignment else graded_assignments(course.root)
    names = known if len(known) == 1 else course.with_submissions(known)
    if not names:
        say(f"There is nothing to grade: no submitted/STUDENT/{' or '.join(known)}/ in {course.root}.")
    status = 0
    for name in names:
        if len(names) > 1:
            say(f"{name}:")
        try:
            status = max(status, _grade_one(options, course, name))
        except CannotGrade as error:  # the other assignments go on
            status = _no_grade(error)
    return status


def _grade_one(options: argparse.Namespace, course: Course, name: str) -> int:
    from autograder.course.grade_class import grade_class  # as above

    notebooks = [ready(one, course.limits) for one in load_notebooks(name, course.root)]
    run = (notebooks, run_seed(course.root, name), course.limits)
    if not options.scheduler:
        with speaking(notebooks[0].language):
            return grade_class(course, notebooks, local_workers(*run, options.jobs), Terminal(), options.preview)
    from autograder.course.cluster import cluster_workers  # an extra: only who names a scheduler needs it

    with cluster_workers(*run, options.scheduler) as workers, speaking(notebooks[0].language):
        return grade_class(course, notebooks, workers, Terminal(), options.preview)


def _report(options: argparse.Namespace) -> int:
    from autograder.course.course import Course  # as above

    course = Course(course_root(options.course))
    name = _handed_in_for(options, course)
    notebooks = load_notebooks(name, course.root)
    with speaking(notebooks[0].language):
        return _write_report(options, course, notebooks)


def _write_report(options: argparse.Namespace, course: Course, notebooks: Sequence[Assignment]) -> int:
    from autograder.course.class_rows import class_rows, exercises
    from autograder.pages.class_report import class_html, class_tables

    name = notebooks[0].name
    reports, unread = course.reports(notebooks)
    if not reports and not unread:
        raise _nothing_to_report(name, course)
    path = options.output or Path(f"{name}-report.html")
    most = dict(exercises(notebooks).values())
    rows = class_rows(course, notebooks, reports, unread, path.parent)
    pairs = _similar(course, notebooks) if options.similar else None
    texts = class_tables(most, rows, pairs)
    tables = {path.with_name(f"{path.stem}-{what}.csv"): text for what, text in texts.items()}
    for table, text in tables.items():
        write_whole(table, text)
    names = {table.stem.removeprefix(f"{path.stem}-"): quote(table.name) for table in tables}
    write_whole(path, class_html(name, most, rows, names, not notebooks[0].by_cells, pairs))
    text = "{graded} graded {graded:submission|submissions}, {others} {others:other|others}: {path}"
    say(said(text, graded=len(reports), others=len(unread), path=path))
    return 0


def _similar(course: Course, notebooks: Sequence[Assignment]) -> Similar:
    if find_spec("copydetect") is None:
        raise CannotGrade("`--similar` needs copydetect: run `pip install copydetect`.")
    from autograder.course.similar import similar  # an extra: only who asks for it needs it

    return similar(course, notebooks)


def _selftest(options: argparse.Namespace) -> int:
    root = course_root(options.course)
    notebooks = load_assignments(options.assignment or only_assignment(root), root)
    assignment = notebooks[0].original
    if assignment.by_cells:
        for one in notebooks:
            if len(notebooks) > 1:
                say(f"{one.notebook}:")
            for line in about_cells(ready(one, course_limits(root))):
                say(line)
        return 0
    seeds = range(options.seed, options.seed + options.seeds)
    status = selftest(assignment, seeds, options.jobs, options.verdicts)
    if status == 0 and options.unseen:
        unseen(assignment, options.seed, options.unseen, options.jobs or usable_cores())
    return status


def _strength(options: argparse.Namespace) -> int:
    root = course_root(options.course)
    notebooks = load_notebooks(options.assignment or only_assignment(root), root)
    return strength([one.original for one in notebooks if one.points], course_limits(root), options.jobs)


def _misconception(options: argparse.Namespace) -> int:
    from autograder.course.propose import propose  # as above

    course, assignment = _class_of(options)
    path = propose(course, assignment, options.group)
    text = "{path} has a row {group}: write its `tells`, then run `autograder selftest {assignment}`."
    say(said(text, path=path, group=options.group, assignment=assignment.original.name))
    return 0


def _variant(options: argparse.Namespace) -> int:
    from autograder.course.propose import propose_variant  # as above

    course, assignment = _class_of(options)
    path = propose_variant(course, assignment, options.function)
    text = "{path} was written: read it, then run `autograder selftest {assignment}`."
    say(said(text, path=path, assignment=assignment.original.name))
    return 0


def _class_of(options: argparse.Namespace) -> tuple[Course, Assignment]:
    from autograder.course.course import Course  # as above

    course = Course(course_root(options.course))
    return course, load_assignment(_handed_in_for(options, course), course.root)


def _seed(options: argparse.Namespace) -> int:
    return new_seed() if options.seed is None else int(options.seed)


def _notebooks(options: argparse.Namespace, root: Path) -> list[Path]:
    """The notebooks that may be meant: the file that was named, or those in the directory that was."""
    path = reached(options.notebook, course_settings(root).submitted)
    if path.is_symlink() or not path.is_dir():
        return [path]
    names = [options.assignment] if options.assignment else not_translated(assignment_names(root), root)
    return handed_in(path, names[0] if len(names) == 1 else path.name)


def _made_from(options: argparse.Namespace, root: Path, files: Sequence[Path]) -> list[Assignment]:
    """The notebook of the course that a file was made from; for a directory all those of the assignment."""
    marks: set[str] = set()
    unread = None
    for file in files:
        try:
            marks |= marks_in(read_notebook(file))
        except Unreadable as error:
            unread = error
    try:
        one = assignment_of(marks, files[0].stem, options.assignment, root)
    except AssignmentError as error:
        raise (error if marks else unread or error) from None
    return load_notebooks(one.name, root) if options.notebook.is_dir() else [one]


def _checked(about: Assignment, files: Sequence[Path], seed: int, limits: Limits) -> Report:
    """The Report on what is meant of these files."""
    if not files:
        raise Unreadable("{name} was not handed in.", name=about.source.name)
    notebook, note = meant(files, about.source.name, about.released)
    return with_note(timed(read_notebook(notebook), ready(about, limits), seed, limits), note)


def _check(options: argparse.Namespace) -> int:
    points: dict[str, float] = {}
    language = ENGLISH
    try:
        root = course_root(options.course)
        limits = course_limits(root)
        limits = dataclasses.replace(limits, sandbox=options.sandbox or limits.sandbox)
        if limits.sandbox == "none":
            print("autograder: the sandbox is off; this notebook's code can do what you can do.", file=sys.stderr)
        with contextlib.suppress(CannotGrade):  # which one is meant, the notebook may tell
            known = _assignment(options, root)
            points, language = known.points, known.language
        files = _notebooks(options, root)
        notebooks = _made_from(options, root, files)
        points = {name: most for one in notebooks for name, most in one.points.items()}
        language = notebooks[0].language
        of = files_of(notebooks, files)
        seed = _seed(options)
        reports: list[Report] = []
        unread: list[Unreadable] = []
        for one in notebooks:
            try:
                reports.append(_checked(one, of[one.notebook], seed, limits))
            except Unreadable as error:
                unread.append(error)
                reports.append(not_assessed(one, error.message))
        if len(unread) == len(notebooks):
            raise unread[0]
        report = together(reports)
    except CannotGrade as error:
        with speaking(language):
            if options.results:
                message = error.message if isinstance(error, Unreadable) else Message(NOT_YOUR_FAULT, why=error.message)
                write_whole(options.results, json.dumps(ungraded_gradescope(render(message), points), indent=2))
            return _no_grade(error)
    with speaking(language):
        if options.results:
            write_whole(options.results, json.dumps(gradescope(report), indent=2))
        if options.json:
            print(json.dumps(report.summary(), indent=2))
        else:
            Terminal().print(report_text(report))
    return 0


COMMANDS = {"check": _check, "grade": _grade, "report": _report, "misconception": _misconception,
            "variant": _variant, "selftest": _selftest, "strength": _strength, "new": _new, "translate": _translate,
            "doctor": _doctor, "demo": _demo}  # fmt: skip
