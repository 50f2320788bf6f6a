"""No attack pays, hurts, reads, reaches out or stays behind: each is graded for real, then its traces looked for.

Here the grader is this process, which saves its start for each attack. CI tries every sixth; `make redteam` tries all,
here and in a process for each.
"""

import contextlib
import io
import json
import re
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.cli import main
from autograder.course.demo import make_course
from autograder.course.selftest import with_cells
from tests.redteam.attacks import (
    ASSIGNMENT,
    ATTACKS,
    HONEST,
    IN_FOLDERS,
    NO_NOTEBOOKS,
    SECRET,
    Surroundings,
    descendants,
    hand_in_folder,
    left_living,
    submission,
)

pytestmark = pytest.mark.slow

LIMITS = """
c.GradeInSandbox.seconds_per_call = 2
c.GradeInSandbox.seconds_per_submission = 20
c.GradeInSandbox.memory_mb = 512
c.GradeInSandbox.disk_mb = 32
"""
SECONDS = 120  # for one of them, on the clock: half a minute on a machine that does nothing else
OUR_SECONDS, OUR_MEMORY = 15, 1000  # of the processor, and MB, for the grader's own process
HONEST_WORK = with_cells(ASSIGNMENT, [HONEST])
IN_CLASS = ATTACKS[::12]
NEIGHBOURS = ("aa-honest", "zz-honest")


def score(states):
    """Function -> points, of the JSON that `autograder check` prints."""
    return {name: function["score"] for name, function in states["functions"].items()}


def most_memory():
    """The most that this process used at a time, in KiB."""
    return int(re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[1])


class Grader:
    """A course, with a secret in this process and beside it, listening sockets, and the commands that grade in it."""

    def __init__(self, folder: Path) -> None:
        self.root, self.scratch = folder / "course", Path(tempfile.gettempdir())
        self.root.mkdir()
        make_course(self.root, [])
        with (self.root / "nbgrader_config.py").open("a") as config:
            config.write(LIMITS)
        self.around = Surroundings(folder / "grader", self.root)
        self.honest = score(self.check(HONEST_WORK, look=False)[0])
        self._before = descendants()  # the fork server is one of them

    def run(self, *command: str, seconds: float = SECONDS):
        """Run a command of ours in the course; nothing may be left of it."""
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.root, capture_output=True, text=True, errors="replace", timeout=seconds,
        )  # fmt: skip
        self._look(done.stdout + done.stderr)
        return done

    def check(self, data: bytes, look: bool = True):
        """What `autograder check` says of a submission: its JSON, or None, and what it prints on stderr."""
        notebook = self.root / "handed-in.ipynb"
        notebook.write_bytes(data)
        out, err = io.StringIO(), io.StringIO()
        start, busy = time.monotonic(), time.process_time()
        Path("/proc/self/clear_refs").write_text("5")  # forget the most memory so far: other tests ran in this process
        held = most_memory()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(["check", "--json", "--seed", "11", str(notebook)])
        assert time.monotonic() - start < SECONDS and time.process_time() - busy < OUR_SECONDS
        assert most_memory() - held < OUR_MEMORY << 10
        if look:
            self._look(out.getvalue() + err.getvalue())
        assert status in (0, 2)
        return (json.loads(out.getvalue()) if status == 0 else None), err.getvalue()

    def _look(self, text: str) -> None:
        """Nothing may be left of a submission."""
        assert left_living(self._before) == set()
        assert list(self.scratch.glob("autograder-*")) == []
        assert self.around.harm(text) == []
        assert "Traceback" not in text

    def submit(self, student: str, data: bytes):
        """Hand in for nbgrader."""
        path = self.root / "submitted" / student / ASSIGNMENT.name / f"{ASSIGNMENT.name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(data)


@pytest.fixture(scope="module")
def grader(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GRADER_TOKEN", SECRET)
        patch.setenv("TMPDIR", str(tmp_path_factory.mktemp("scratch")))
        patch.setattr(tempfile, "tempdir", None)
        grader = Grader(tmp_path_factory.mktemp("redteam"))
        for student in NEIGHBOURS:
            grader.submit(student, with_cells(ASSIGNMENT, []))
        yield grader
        grader.around.close()


@pytest.fixture
def honest(grader):
    """What a notebook gets in which `clip` does nothing and the rest is right."""
    return grader.honest


@pytest.mark.parametrize(
    ("family", "name"),
    [pytest.param(*attack, id="/".join(attack), marks=[pytest.mark.heavy] * (number % 6 > 0))
     for number, attack in enumerate(ATTACKS)],
)  # fmt: skip
def test_autograder_check(family, name, grader, honest):
    report, err = grader.check(submission(family, name, grader.around.places))
    if (family, name) in NO_NOTEBOOKS:
        assert report is None
        assert len(err.splitlines()) == 1
        return
    assert report is not None, err
    assert {function: points for function, points in score(report).items() if points > honest[function]} == {}
    assert not any("could not be assessed" in problem for problem in report["problems"])
    messages = [check["message"] for function in report["functions"].values() for check in function["checks"]]
    assert all(message.isprintable() for message in messages)  # or a terminal would obey them


def recorded(submission):
    """Function -> points, of a submission in the gradebook."""
    (notebook,) = submission.notebooks
    return {grade.name.removeprefix("test-"): grade.score for grade in notebook.grades}


def test_nbgrader_autograde(grader, honest):
    """Some of each family hand in, and two honest students: `nbgrader autograde` records the honest value of each.

    `make redteam` has all of them graded by nbgrader, each in a namespace of its own.
    """
    for number, (family, name) in enumerate(IN_CLASS):
        grader.submit(f"mm-{number}-{family}", submission(family, name, grader.around.places))
    assert grader.run("nbgrader", "generate_assignment", ASSIGNMENT.name, "--force").returncode == 0
    done = grader.run("nbgrader", "autograde", ASSIGNMENT.name, seconds=len(IN_CLASS) * SECONDS)
    assert done.returncode == 0, done.stderr[-2000:]
    with Gradebook(f"sqlite:///{grader.root / 'gradebook.db'}") as book:
        scores = {one.student.id: recorded(one) for one in book.assignment_submissions(ASSIGNMENT.name)}
    assert len(scores) == len(IN_CLASS) + len(NEIGHBOURS)
    for student in NEIGHBOURS:
        assert scores.pop(student) == ASSIGNMENT.points
    richer = [student for student, points in scores.items() if any(points[one] > honest[one] for one in honest)]
    assert richer == []


@pytest.fixture(scope="module")
def class_of_folders(grader, tmp_path_factory):
    """A course of its own: two honest students, and one for each attack by what lies in a submission's directory."""
    root = tmp_path_factory.mktemp("folders") / "course"
    root.mkdir()
    make_course(root, [])
    with (root / "nbgrader_config.py").open("a") as config:
        config.write(LIMITS)
    places = {**grader.around.places, "ROOT": root}
    for student in NEIGHBOURS:
        path = root / "submitted" / student / ASSIGNMENT.name / f"{ASSIGNMENT.name}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(with_cells(ASSIGNMENT, []))
    folders = {name: hand_in_folder(name, root / "submitted", places) for name in IN_FOLDERS}
    return root, folders


def run_in(cwd, grader, *command):
    """Run a command of ours; nothing may come of it but what it is for."""
    program = Path(sys.executable).with_name(command[0])  # `python -m` would look for it in the current directory
    done = subprocess.run([program, *command[1:]], cwd=cwd, capture_output=True, timeout=10 * SECONDS)
    said = (done.stdout + done.stderr).decode()
    grader._look(said)
    assert all(line.isprintable() for line in re.split("[\r\n]", said)), said
    return done.returncode, said


def laid_out(root):
    """What no submission may change, and no grading either: names, kinds and texts in the course's own directories."""
    own = [path for name in ("submitted", "source", "utils", "nbgrader_config.py") for path in (root / name).rglob("*")]
    return {path: path.read_bytes() if stat.S_ISREG(path.lstat().st_mode) else path.lstat().st_mode
            for path in [*own, root / "nbgrader_config.py"] if "__pycache__" not in path.parts}  # fmt: skip


@pytest.mark.parametrize("way", [["autograder", "grade"], ["nbgrader", "autograde", ASSIGNMENT.name, "--force"]])
def test_a_class_with_hostile_folders(way, grader, honest, class_of_folders):
    root, _ = class_of_folders
    before = laid_out(root)
    assert run_in(root, grader, "nbgrader", "generate_assignment", ASSIGNMENT.name, "--force")[0] == 0
    run_in(root, grader, *way)
    assert laid_out(root) == before
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}") as book:
        scores = {one.student.id: recorded(one) for one in book.assignment_submissions(ASSIGNMENT.name)}
    for student in NEIGHBOURS:
        assert scores.pop(student) == ASSIGNMENT.points
    richer = [student for student, points in scores.items() if any(points[one] > honest[one] for one in honest)]
    assert richer == []
    written = [path for name in ("autograded", "feedback") for path in (root / name).rglob("*")]
    assert not [path for path in written if path.is_symlink() or (path.is_file() and SECRET in path.read_text("utf-8"))]


@pytest.mark.parametrize("name", IN_FOLDERS)
def test_autograder_check_of_a_hostile_folder(name, grader, honest, class_of_folders):
    root, folders = class_of_folders
    before, folder = laid_out(root), folders[name]
    places = [(root, folder)]
    if folder.resolve() == folder:  # or one would be at the neighbour's
        places.append((folder, f"{ASSIGNMENT.name}.ipynb"))
    for cwd, what in places:
        status, said = run_in(cwd, grader, "autograder", "check", "--json", "--seed", "11", str(what))
        assert status in (0, 2)
        if status == 0:
            points = score(json.loads(said))
            assert not any(points[one] > honest[one] for one in honest)
    assert laid_out(root) == before
