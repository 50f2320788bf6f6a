"""What goes wrong in a course's files, in what is handed in, or in a command: one sentence, and nobody else's grade."""

import os
import re
import shutil
import socket
import stat
import subprocess
import sys

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.course.new_assignment import new_assignment
from autograder.course.timestamps import moment
from tests.test_grade_class import scores_in

RIGHT = "source/averages/averages.ipynb"
CHECKS = "autograder/assignments/averages"


def run(cwd, *words, program="autograder"):
    """A command, and all that it says in one line."""
    done = subprocess.run([sys.executable, "-m", program, *words], cwd=cwd, capture_output=True, text=True, timeout=200)
    done.said = " ".join((done.stdout + done.stderr).split())
    assert "Traceback" not in done.said, done.said
    return done


def hand_in(root, student, name="averages/averages.ipynb"):
    """A right notebook, as this file of the student's directory."""
    path = root / "submitted" / student / name
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(root / RIGHT, path)
    return path


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    root = tmp_path_factory.mktemp("released")
    new_assignment("averages", root)
    assert run(root, "generate_assignment", "averages", program="nbgrader").returncode == 0
    return root


@pytest.fixture
def course(released, tmp_path):
    root = tmp_path / "course"
    shutil.copytree(released, root)
    hand_in(root, "ann")
    return root


def scores(root):
    path = f"sqlite:///{root / 'gradebook.db'}"
    return {student: sum(points.values()) for student, points in scores_in(path, "averages").items()}


def test_what_is_no_notebook_gets_a_sentence_that_says_what_to_do(course):
    for name in ("a.ipynb", "b.ipynb"):
        hand_in(course, "two", f"averages/{name}")
    hand_in(course, "zipped", "averages/averages.zip")
    hand_in(course, "high", "averages.ipynb")
    hand_in(course, "q[1]")
    hand_in(course, "renamed", "averages/mine (1).ipynb")
    done = run(course, "grade")
    assert done.returncode == 1
    assert "two: There are 2 notebooks (a.ipynb, b.ipynb): keep one, and name it averages.ipynb." in done.said
    assert "zipped: There is no notebook among what was handed in (averages.zip): ask for averages.ipynb." in done.said
    assert "high: averages.ipynb lies in the wrong place: move it to" in done.said
    assert "q[1]: nbgrader takes *, ? and [ in a student's name for a pattern" in done.said
    assert scores(course) == {"ann": 10, "renamed": 10}
    assert "2 recorded, 4 failed" in done.said
    page = run(course, "report")
    assert page.returncode == 0
    text = (course / "averages-report.html").read_text("utf-8")
    assert text.count("There are 2 notebooks") == 2  # who may need help, and what could not be graded
    assert str(course) not in text


def test_a_timestamp_that_is_none_is_left_out(course):
    for student, content in {"ann": b"not a date", "bob": b"\xff\xfe", "eve": b"9" * 99}.items():
        (hand_in(course, student).parent / "timestamp.txt").write_bytes(content)
    (hand_in(course, "kim").parent / "timestamp.txt").write_text("2026-11-02 11:00:00 UTC")
    assert run(course, "grade").returncode == 0
    assert scores(course) == {"ann": 10, "bob": 10, "eve": 10, "kim": 10}
    left = [path.parent.parent.name for path in course.glob("autograded/*/averages/timestamp.txt")]
    assert left == ["kim"]
    assert run(course, "autograde", "averages", "--force", program="nbgrader").returncode == 0


ODD_FILES = {
    "a link": lambda place, course: place.symlink_to(course / "nbgrader_config.py"),
    "a link to a directory": lambda place, course: place.symlink_to(course / "source"),
    "a link that leads nowhere": lambda place, course: place.symlink_to("nowhere"),
    "a link to itself": lambda place, course: place.symlink_to(place.name),
    "a pipe": lambda place, course: os.mkfifo(place),
    "a socket": lambda place, course: bound_socket(place),
    "a device": lambda place, course: os.mknod(place, 0o600 | stat.S_IFCHR, os.makedev(1, 5)),
    "a file of somebody else": lambda place, course: foreign_hard_link(place, course / "nbgrader_config.py"),
    "a huge file without content": lambda place, course: (place.touch(), os.truncate(place, 1 << 40)),
    "directories in directories": lambda place, course: deep(place),
    "a thousand files": lambda place, course: many(place),
}
ODD_NAMES = ["data.txt", "timestamp.txt", "new\nline.txt", "\udcff\udcfe.txt", "\x1b[2J\u202e.txt", "n" * 255]


def bound_socket(place):
    with socket.socket(socket.AF_UNIX) as one:
        at = os.open(place.parent, os.O_RDONLY)
        one.bind(f"/proc/self/fd/{at}/s")
        os.rename("s", place.name, src_dir_fd=at, dst_dir_fd=at)
        os.close(at)


def foreign_hard_link(place, file):
    """Where somebody else's files can be linked to; the owner tells."""
    place.hardlink_to(file)
    os.chown(place.parent, 1234, 1234)


def deep(place):
    for _ in range(40):
        place.mkdir()
        place /= "d" * 50
    place.write_text("x")


def many(place):
    place.mkdir()
    for number in range(1000):
        (place / f"{number}").write_text("x")


@pytest.fixture(scope="module")
def odd_class(released, tmp_path_factory):
    """A class in which each student hands in an odd file, after it was recorded once; and two honest ones."""
    root = tmp_path_factory.mktemp("odd") / "course"
    shutil.copytree(released, root)
    for student in ("ann", "zoe"):
        hand_in(root, student)
    for number, (kind, make) in enumerate(ODD_FILES.items()):
        for name in ODD_NAMES if kind in ("a link", "a pipe") else ODD_NAMES[:2]:
            folder = hand_in(root, f"{number}-{ODD_NAMES.index(name)}").parent
            try:
                make(folder / name, root)
            except PermissionError:  # only root can make it
                shutil.rmtree(folder.parent)
    return root


def everything(root):
    """What no submission may change: all that is not written by grading."""
    kept = ("autograded", "feedback", ".autograder", "gradebook.db")
    files = [path for path in root.rglob("*") if path.relative_to(root).parts[0] not in kept]
    return {path: (path.lstat().st_mode, path.read_bytes() if stat.S_ISREG(path.lstat().st_mode)
                   and path.lstat().st_size < 1 << 30 else b"") for path in files}  # fmt: skip


@pytest.mark.parametrize("words", [("autograder", "grade"), ("nbgrader", "autograde", "averages", "--force")])
def test_nothing_that_was_handed_in_is_followed_or_written_through(odd_class, words):
    program, *rest = words
    before = everything(odd_class)
    (odd_class / "gradebook.db").unlink()
    assert run(odd_class, "generate_assignment", "averages", "--force", program="nbgrader").returncode == 0
    done = run(odd_class, *rest, program=program)
    assert done.returncode == 0, done.said
    assert set(scores(odd_class).values()) == {10}
    assert len(scores(odd_class)) == len(list((odd_class / "submitted").iterdir()))
    assert everything(odd_class) == before
    copied = [path for name in ("autograded", "feedback") for path in (odd_class / name).rglob("*")]
    assert not any(path.is_symlink() or not (path.is_file() or path.is_dir()) for path in copied)
    config = (odd_class / "nbgrader_config.py").read_bytes()
    assert not any(path.read_bytes() == config for path in copied if path.is_file())
    assert not (odd_class / ".autograder").exists() or not list((odd_class / ".autograder").rglob(".*"))


def test_what_was_set_aside_is_no_way_out(course):
    """A directory of the name that links were moved to, with a link in it at the place of a second one's directory."""
    folder = hand_in(course, "eve").parent
    (folder / "x").mkdir()
    (folder / "x" / "nbgrader_config.py").symlink_to("nowhere")
    (folder.parent / ".averages-set-aside" / "averages").mkdir(parents=True)
    (folder.parent / ".averages-set-aside" / "averages" / "x").symlink_to(course)
    before = everything(course)
    for words in (("grade",), ("autograde", "averages", "--force")):
        program = "autograder" if words == ("grade",) else "nbgrader"
        assert run(course, *words, program=program).returncode == 0
        assert everything(course) == before


@pytest.mark.parametrize("linked", ["eve", "eve/averages", "eve/averages/averages.ipynb"])
def test_what_lies_behind_a_link_is_not_what_was_handed_in(course, tmp_path, linked):
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(course / "submitted" / "ann", elsewhere / "eve")
    link = course / "submitted" / linked
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(elsewhere / linked)
    done = run(course, "check", "submitted/eve/averages/averages.ipynb")
    assert done.returncode == 2 and "it is a link" in done.said
    run(course, "grade")
    assert scores(course)["ann"] == 10 and scores(course).get("eve", 0) == 0
    run(course, "autograde", "averages", "--force", program="nbgrader")
    assert scores(course)["ann"] == 10 and scores(course).get("eve", 0) == 0


def test_the_directory_of_all_submissions_may_be_a_link_of_the_instructors(course, tmp_path):
    (course / "submitted").rename(tmp_path / "storage")
    (course / "submitted").symlink_to(tmp_path / "storage")
    hand_in(course, "bob", "averages/mine.ipynb")
    assert run(course, "check", "submitted/ann/averages").returncode == 0
    assert run(course, "grade").returncode == 0
    assert run(course, "autograde", "averages", "--force", program="nbgrader").returncode == 0
    assert scores(course) == {"ann": 10, "bob": 10}


@pytest.mark.parametrize("student", ["m.part", "1.2.part", "seed", "reports", "n" * 250, "-x"])
def test_a_student_may_be_called_like_a_file_of_ours(course, student):
    hand_in(course, student)
    for _ in range(2):
        done = run(course, "grade")
        assert done.returncode == 0, done.said
    assert "0 recorded" in done.said
    assert scores(course) == {"ann": 10, student: 10}


ORDERS = "\x1b]0;PWNED\x07\x1b[2J\u202e\x9b2J\x08[red]\udcff\n"


def test_a_terminal_obeys_no_name_of_a_file(course):
    """The names of a student, a file and a notebook, in all that is said, also in colour and in nbgrader's log."""
    folder = hand_in(course, f"eve{ORDERS}", "averages/a.ipynb").parent
    for name in ("b.ipynb", "timestamp.txt", ORDERS):
        (folder / name).write_text("no time, no notebook")
    (folder / "link").symlink_to(ORDERS)
    hand_in(course, f"high{ORDERS}", "averages.ipynb")
    colours = {**os.environ, "FORCE_COLOR": "1", "COLUMNS": "300"}
    for program, words in (
        ("autograder", ["grade"]),
        ("autograder", ["report"]),
        ("autograder", ["check", str(folder)]),
        ("autograder", ["check", str(folder / "link")]),
        ("autograder", ["check", "x", ORDERS]),
        ("autograder", ["grade", ORDERS]),
        ("autograder", ["new", ORDERS]),
        ("nbgrader", ["autograde", "averages", "--force"]),
        ("nbgrader", ["export", "--exporter=autograder.plugins.exports.Moodle", "--to=/dev/stdout"]),
        ("nbgrader", ["export", "--exporter=autograder.plugins.exports.JUnit", "--to=/dev/stdout"]),
        ("nbgrader", ["export", "--exporter=autograder.plugins.exports.StepSummary", "--to=/dev/stdout"]),
    ):
        done = subprocess.run([sys.executable, "-m", program, *words], cwd=course, env=colours, capture_output=True)
        said = re.sub(r"\x1b\[[?0-9;]*[A-IK-Za-z]", "", (done.stdout + done.stderr).decode())
        assert [line for line in re.split("[\r\n]", said) if not line.isprintable()] == [], (program, words)
        assert "Traceback" not in said
    page = (course / "averages-report.html").read_text("utf-8")
    assert not set(ORDERS) - set("\n") & {char for char in page if not char.isprintable()}


def test_a_line_break_in_a_name_is_named_and_stops_nobody(course):
    hand_in(course, "new\nline")
    done = run(course, "grade")
    assert done.returncode == 1 and "new line: nbgrader cannot read a line break" in done.said
    assert scores(course) == {"ann": 10}
    done = run(course, "autograde", "averages", "--force", program="nbgrader")
    assert done.returncode == 0 and "cannot read a line break" in done.said


def test_markdown_that_takes_for_ever_to_read_is_shown_as_it_is(course):
    path = hand_in(course, "eve")
    notebook = nbformat.read(path, as_version=4)
    picture = f"**see** ![x](data:image/png;base64,{'iVBOR/+=' * 50_000})"  # as Colab puts it there
    notebook.cells += map(nbformat.v4.new_markdown_cell, ["\\begin{a}" * 100_000, picture])
    nbformat.write(notebook, path)
    assert run(course, "grade").returncode == 0
    assert scores(course) == {"ann": 10, "eve": 10}
    page = (course / "feedback" / "eve" / "averages" / "averages.html").read_text("utf-8")
    assert "\\begin{a}" * 1000 in page and "<strong>see</strong>" in page


def test_points_that_the_gradebook_does_not_know_stop_everything(course):
    for path in (course / RIGHT, course / CHECKS / "test_moving_average.py"):
        text = path.read_text("utf-8")
        path.write_text(text.replace('"points": 10', '"points": 12').replace("points(6)", "points(8)"), "utf-8")
    done = run(course, "grade")
    assert done.returncode == 2
    assert "gives 10 points for test-moving_average, the source notebook 12: run `nbgrader generate_assi" in done.said
    assert scores(course) == {}
    assert run(course, "generate_assignment", "averages", "--force", program="nbgrader").returncode == 0
    assert run(course, "grade").returncode == 0
    assert scores(course) == {"ann": 12}


def change(path, old, new):
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        (f"{CHECKS}/test_moving_average.py", 'needs("test_length")', 'needs("test_lenght")', "needs 'test_lenght'"),
        (f"{CHECKS}/misconceptions.toml", 'id = "average-of-sums"', 'id = "', "misconceptions.toml cannot be read"),
        (f"{CHECKS}/misconceptions.toml", 'id = "average-of-sums"', "", "a row lacks 'id'"),
        (f"{CHECKS}/misconceptions.toml", 'old = "(sums', 'old = "(summs', "`old` stands 0 times"),
        (f"{CHECKS}/assignment.toml", "sandbox_files = []", "sandbox_files = [", "assignment.toml cannot be read"),
        (f"{CHECKS}/assignment.toml", "[]", '["data.csv"]', "data.csv, which is not there"),
        (RIGHT, "{", "", "is no notebook that can be read"),
        ("nbgrader_config.py", "c = ", "c = = ", "nbgrader_config.py cannot be read: SyntaxError"),
        ("nbgrader_config.py", "memory_mb = 1024", "memory_mb = '1 GB'", "should be a whole number above 0; it is"),
        ("nbgrader_config.py", "memory_mb = 1024", "preload = 'pandas'", "should be a list of packages, such as"),
        (".autograder/averages/seed", "", "abc", "should hold the run's seed, a whole number"),
    ],
)
def test_a_mistake_in_the_courses_files_is_named_before_anything_is_recorded(course, file, old, new, said):
    path = course / file
    if path.exists():
        change(path, old, new)
    else:
        path.parent.mkdir(parents=True)
        path.write_text(new)
    done = run(course, "grade", "averages")
    assert done.returncode == 2
    assert said in done.said
    assert len(done.said) < 700
    assert scores(course) == {}


def test_a_course_may_do_without_the_search_for_mistakes(course):
    change(course / "nbgrader_config.py", "memory_mb = 1024", "diagnosis_steps = 0")
    assert "1 recorded" in run(course, "grade", "averages").said


@pytest.mark.parametrize("words", ["grade --jobs 0", "selftest --jobs -1", "check x --seed -1"])
def test_numbers_that_are_none(course, words):
    done = run(course, *words.split())
    assert done.returncode == 2
    assert "should be a whole number from" in done.said


TRAP = "raise SystemExit('a file of a student was run')"


def lay_out_a_course(folder):
    """What would pass for a course, its modules and pytest's and Jupyter's files, where a student can put them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("nbgrader_config.py", "conftest.py", "nbformat.py", "signal.py", "tqdm.py"):
        (folder / name).write_text(TRAP)
    shutil.copytree(folder.parents[2] / "source", folder / "source", dirs_exist_ok=True)
    checks = folder / CHECKS
    shutil.copytree(folder.parents[2] / CHECKS, checks, dirs_exist_ok=True)
    (checks / "test_moving_average.py").write_text(TRAP)


@pytest.mark.parametrize("words", [["doctor"], ["check", RIGHT], ["check", RIGHT, "--json"]])
def test_nobody_reads_what_is_printed(course, words):
    """As after `| head`, when head has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as nobody:
        done = subprocess.run(
            [sys.executable, "-m", "autograder", *words], cwd=course, stdout=nobody, stderr=subprocess.PIPE, text=True,
            timeout=200,
        )  # fmt: skip
    assert (done.returncode, done.stderr) == (1, "")


def test_what_lies_beside_a_notebook_is_no_course(course, tmp_path):
    notebook = hand_in(course, "eve")
    change(notebook, "return", "return None and")
    lay_out_a_course(notebook.parent)
    honest = run(course, "check", "--json", str(notebook))
    assert honest.returncode == 0 and '"score": 0.0' in honest.said
    for cwd, words in (
        (notebook.parent, [notebook.name]),
        (notebook.parent, [".", "--course", str(course)]),
        (tmp_path, [str(notebook), "--course", str(course)]),
    ):
        done = run(cwd, "check", "--seed", "1", *words)
        assert done.returncode == 0 and "averages: 0 / 10" in done.said
    assert run(notebook.parent, "grade").returncode == 0
    assert scores(course) == {"ann": 10, "eve": 0}
    done = run(tmp_path, "check", str(notebook))
    assert done.returncode == 2 and "There is no course in" in done.said and "--course" in done.said
    done = run(course, "check", str(notebook), "--course", str(notebook.parent))
    assert done.returncode == 2 and "what was handed in is no course" in done.said


@pytest.mark.parametrize("words", ["grade", "report", "selftest", "check submitted/ann/averages/averages.ipynb"])
def test_there_is_no_other_course_than_that_of_the_current_directory(course, tmp_path, words):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    done = run(elsewhere, *words.split())
    assert done.returncode == 2 and "There is no course in" in done.said
    done = run(course, *words.split(), "--course", "../elsewhere")
    assert done.returncode == 2 and "There is no course in" in done.said


def test_of_two_courses_one_has_to_be_named(course):
    inner = course / "scratch"
    for name in ("source", "autograder"):
        shutil.copytree(course / name, inner / name)
    shutil.copy(course / "nbgrader_config.py", inner)
    done = run(inner, "selftest")
    assert done.returncode == 2 and "lies in another one" in done.said
    assert run(inner, "selftest", "--course", ".").returncode == 0


def test_a_demonstration_overwrites_no_course(course):
    done = run(course, "demo", "--keep", ".")
    assert done.returncode == 2 and "is not empty" in done.said


def test_another_price_of_late_work_is_recorded_by_the_next_run(course):
    dates = ("assignment", "add", "averages", "--duedate=2026-11-01 12:00:00 UTC")
    assert run(course, "db", *dates, program="nbgrader").returncode == 0
    (course / "submitted/ann/averages/timestamp.txt").write_text("2026-11-02 11:00:00 UTC")
    assert "1 recorded" in run(course, "grade").said
    change(course / "nbgrader_config.py", "c.AssignLatePenalties", "# c.AssignLatePenalties")
    assert "1 recorded" in run(course, "grade").said
    assert "0 recorded" in run(course, "grade").said


LATE = """
c.AssignLatePenalties.plugin_class = "autograder.plugins.late.PercentPerDay"
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-01 13:30:00 +0200", "2026-11-01 11:30:00"),
        ("2026-11-01 13:30:00.250000 UTC", "2026-11-01 13:30:00.250000"),
        ("2026-11-01 13:30:00 CET", "2026-11-01 12:30:00"),
        ("2026-11-01T13:30:00Z\n", "2026-11-01 13:30:00"),
        ("\ufeff2026-11-01T13:30:00-05:00", "2026-11-01 18:30:00"),
        ("2026-11-01 13:30:00-03", "2026-11-01 16:30:00"),
        ("20261101T133000+0530", "2026-11-01 08:00:00"),
    ],
)
def test_a_time_is_what_nbgrader_writes_or_iso_8601(text, expected):
    assert str(moment(text)) == expected


UNSURE = [
    *("01.11.2026", "01.11.2026 11:00", "11/01/2026 11:00", "1", "1730000000", "2026-11-01", "2026-11-01 13:30:00", ""),
    *("now", "2026-11-01 13:30:00 XYZ", "2026-13-01 13:30:00 UTC", "0001-01-01T00:00:00+10:00"),
    "2026-11-01 13:30:00 UTC +0200",
]


@pytest.mark.parametrize("text", UNSURE)
def test_what_could_be_another_time_is_none(text):
    with pytest.raises(ValueError):
        moment(text)


def test_late_work_is_fined_by_times_that_are_certain(course):
    config = course / "nbgrader_config.py"
    config.write_text(config.read_text("utf-8") + LATE, "utf-8")
    due = ("db", "assignment", "add", "averages", "--duedate=2026-11-01 12:00:00 UTC")
    assert run(course, *due, program="nbgrader").returncode == 0
    for student, text in {
        "early": "2026-11-01 13:30:00 +0200", "late": "2026-11-01T13:30:00-05:00", "unsure": "01.12.2026 11:00",
    }.items():  # fmt: skip
        (hand_in(course, student).parent / "timestamp.txt").write_text(text)
    done = run(course, "grade")
    assert done.returncode == 0, done.said
    assert "unsure: timestamp.txt holds no time that is certain, and was left out: nothing is taken off" in done.said
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        fined = {one.student.id: one.late_submission_penalty or 0 for one in book.assignment_submissions("averages")}
    assert fined == {"ann": 0, "early": 0, "late": 1, "unsure": 0}


def test_work_in_a_directory_of_another_name_is_named(course):
    for student, name in {"cat": "Averages", "dan": "averages ", "eve": "averages (1)", "fay": "homework"}.items():
        hand_in(course, student, f"{name}/averages.ipynb")
    hand_in(course, "gus", "averages/averages.ipynb")
    hand_in(course, "gus", "AVERAGES/averages.ipynb")
    hand_in(course, "__MACOSX", "averages/._averages.ipynb")
    odd = course / "submitted" / os.fsdecode(b"h\xe9l\xe8ne")
    shutil.copytree(course / "submitted" / "ann", odd)
    done = run(course, "grade")
    assert done.returncode == 1
    for student, name in {"cat": "Averages", "dan": "averages ", "eve": "averages (1)", "fay": "homework"}.items():
        assert f"{student}: {name!r} is no assignment: if it is averages, rename it to" in done.said
    assert "gus: 'AVERAGES' is no assignment" in done.said
    assert "The directory's name is no text: rename it." in done.said
    assert "MACOSX" not in done.said and "NbGraderException" not in done.said
    assert scores(course) == {"ann": 10, "gus": 10}


def test_of_several_notebooks_the_one_with_work_in_it_is_graded(course):
    blank = (course / "release" / "averages" / "averages.ipynb").read_bytes()
    for student in ("copy", "both", "helper"):
        hand_in(course, student, "averages/averages (1).ipynb")
    folders = {student: course / "submitted" / student / "averages" for student in ("copy", "both", "helper")}
    (folders["copy"] / "averages.ipynb").write_bytes(blank)
    hand_in(course, "both")
    path = hand_in(course, "helper")
    (folders["helper"] / "averages (1).ipynb").write_bytes(blank)
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")]), path.with_name("scratch.ipynb")
    )
    checked = run(course, "check", str(folders["copy"]))
    assert "averages: 10 / 10" in checked.said
    note = "averages (1).ipynb was graded: in the other notebooks the exercises are as they were handed out."
    assert note in checked.said
    assert run(course, "check", str(folders["both"])).returncode == 2
    done = run(course, "grade")
    assert done.returncode == 1
    assert f"copy: {note}" in done.said
    assert "both: There are 2 notebooks (averages (1).ipynb, averages.ipynb): keep one" in done.said
    assert scores(course) == {"ann": 10, "copy": 10, "helper": 10}
    page = (course / "feedback" / "copy" / "averages" / "averages.html").read_text("utf-8")
    assert "this one was graded: the other is as it was handed out" in page
