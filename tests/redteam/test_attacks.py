"""No attack pays, hurts, reads, reaches out or stays behind: each is graded for real, then its traces looked for."""

import os
import socket
import tempfile
import textwrap
import time
import tomllib
from pathlib import Path

import pytest

from autograder import sandbox
from autograder.assignment import course_root, load_assignment
from autograder.grading import grade
from autograder.sandbox import Limits
from autograder.selftest import with_cells

ASSIGNMENT = load_assignment("dinosaur-island", course_root())
ATTACKS = {
    (family, name): attack
    for family, attacks in tomllib.loads((Path(__file__).parent / "attacks.toml").read_text("utf-8")).items()
    for name, attack in attacks.items()
}
LIMITS = Limits(seconds_per_call=2, seconds_per_submission=20, memory_mb=512, disk_mb=32)
SECRET = "the-canary-sings-4711"
SEED = 11
# A clip that attacks first. What it should not have been able to do shows in the report as GOT.
WRAPPER = """
def clip(gradients, maxValue):
    seen = []
{see}
    def attack():
{body}
{done}
        return gradients
    try:
        returned = attack()
    except Exception:
        returned = gradients
    if seen:
        raise RuntimeError("GOT: " + str(seen)[:200])
    return returned
"""
SEE = "    def print(*values): seen.append(str(values))"
DONE = "        seen.append('done')"
HONEST_WRONG = "def clip(gradients, maxValue):\n    return gradients"


def cell(family, attack, places):
    """The attack as a cell of a notebook."""
    text = attack.get("cell") or WRAPPER.format(
        see=SEE if family == "reading" else "",
        done=DONE if family in ("writing", "reaching", "syscalls") else "",
        body=textwrap.indent(attack["body"].strip("\n"), " " * 8),
    )
    for name, value in places.items():
        text = text.replace(name, str(value))
    return text


def points(notebook, limits=LIMITS):
    report = grade(notebook, ASSIGNMENT, SEED, limits)
    return {name: sum(check.points for check in checks) for name, checks in report.functions().items()}, report


@pytest.fixture(scope="module")
def honest():
    """What a notebook gets in which `clip` does nothing and the rest is right."""
    return points(with_cells(ASSIGNMENT, [HONEST_WRONG]))[0]


@pytest.fixture
def places(tmp_path, monkeypatch):
    """The grader's surroundings, with a secret in them."""
    folder = tmp_path / "grader"
    folder.mkdir()
    (folder / "canary").write_text(SECRET)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.setenv("GRADER_TOKEN", SECRET)
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as unix:
        tcp.bind(("127.0.0.1", 0))
        short = Path(os.path.relpath(folder / "socket"))  # a socket's name may have 107 bytes
        unix.bind(str(short))
        for listener in (tcp, unix):
            listener.listen()
            listener.setblocking(False)
        names = {"CANARY": folder / "canary", "FOLDER": folder, "PORT": tcp.getsockname()[1], "PID": os.getpid()}
        before = snapshot(folder)
        yield {**names, "SOCKET": folder / "socket", "ROOT": course_root()}
        assert snapshot(folder) == before
        assert list(scratch.iterdir()) == []
        for listener in (tcp, unix):
            with pytest.raises(BlockingIOError):
                listener.accept()
    assert not [entry for entry in ("/dev/shm/student", "/root/.student") if os.path.exists(entry)]
    assert processes_in(scratch) == []


def snapshot(folder):
    """Names, contents, modes, owners and times of a directory's files."""
    return {
        path.name: (path.read_bytes() if path.is_file() else b"", stat.st_mode, stat.st_uid, stat.st_mtime_ns)
        for path in folder.iterdir()
        for stat in [path.lstat()]
    }


def processes_in(folder):
    """The processes that work below a directory, or are children of the fork server, and are alive."""
    found = []
    server = str(sandbox._servers[0].process.pid) if sandbox._servers else ""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            state, parent = (process / "stat").read_text().rpartition(")")[2].split()[:2]
            where = os.readlink(process / "cwd") if state != "Z" else ""
        except OSError:
            continue  # it has ended meanwhile
        if state != "Z" and (parent == server or where.startswith(str(folder))):
            found.append(process.name)
    return found


@pytest.mark.parametrize(("family", "name"), ATTACKS, ids=["/".join(key) for key in ATTACKS])
def test_attack(family, name, places, honest):
    start = time.monotonic()
    earned, report = points(with_cells(ASSIGNMENT, [cell(family, ATTACKS[family, name], places)]))
    assert {function: score for function, score in earned.items() if score > honest[function]} == {}
    assert time.monotonic() - start < 3 * LIMITS.seconds_per_submission
    assert SECRET not in report.to_json()
    assert "GOT" not in report.to_json() or name == "own-environment"
    assert not any("could not be assessed" in problem for problem in report.problems)


def test_after_all_that_an_honest_notebook_gets_full_marks():
    assert points(ASSIGNMENT.source.read_bytes(), Limits())[0] == ASSIGNMENT.points
