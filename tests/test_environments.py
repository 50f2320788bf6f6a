"""Machines as people have them: what happens to `autograder check` and `autograder grade` in each environment."""

import ctypes
import errno
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from autograder.sandbox import syscalls

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[1]
PYTHON_HOME = Path(sys.base_prefix)
SYSTEM_CALLS = {"pidfd_send_signal": 424, "pidfd_open": 434}  # on every architecture

# Another user, whom no passwd file knows, as Kubernetes' `runAsUser` starts containers. Python may lie in root's home.
NOBODY_KNOWN = f"""
mkdir -p "$SCRATCH/python"
mount --bind {PYTHON_HOME} "$SCRATCH/python"
case {PYTHON_HOME} in /root/*)
    mount -t tmpfs -o mode=755 none /root
    mkdir -p {PYTHON_HOME}
    mount --bind "$SCRATCH/python" {PYTHON_HOME};;
esac
exec setpriv --reuid 4711 --regid 4711 --clear-groups "$@"
"""
NOEXEC = """
mkdir -p "$SCRATCH/noexec"
mount -t tmpfs -o noexec,nosuid,nodev none "$SCRATCH/noexec"
TMPDIR="$SCRATCH/noexec" exec "$@"
"""
NAMESPACE = ("unshare", "--mount", "bash", "-e", "-c")
ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "ascii"}

# Name: the command before the command, what is set (None: unset), what is printed.
ENVIRONMENTS = {
    "as it is": ((), {}, "10 / 10"),
    "a user without a passwd entry": ((*NAMESPACE, NOBODY_KNOWN, "-"), {"HOME": None}, "10 / 10"),
    "no home": ((), {"HOME": None, "USER": None, "LOGNAME": None}, "10 / 10"),
    "a home that is not there": ((), {"HOME": "/nonexistent"}, "10 / 10"),
    "few open files": (("bash", "-c", 'ulimit -n 48; exec "$@"', "-"), {}, "10 / 10"),
    "small files": (("bash", "-c", 'ulimit -f 2000; exec "$@"', "-"), {}, "10 / 10"),
    "little memory": (("bash", "-c", 'ulimit -v 3000000; exec "$@"', "-"), {}, "10 / 10"),
    "no core files": (("bash", "-c", 'ulimit -c 0; exec "$@"', "-"), {}, "10 / 10"),
    "a terminal without check marks": ((), ASCII, "+ 4/4 `moving_average` returns"),
    "Latin-1": ((), {**ASCII, "PYTHONIOENCODING": "latin-1"}, "+ 4/4 `moving_average` returns"),
    "a German locale that is not installed": ((), {"LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}, "10 / 10"),
    "files for nobody else": (("bash", "-c", 'umask 077; exec "$@"', "-"), {}, "10 / 10"),
    "a scratch disk without programs": ((*NAMESPACE, NOEXEC, "-"), {}, "10 / 10"),
    "one processor": (("taskset", "-c", "0"), {}, "10 / 10"),
    "no terminal": (("setsid", "--wait"), {"TERM": None}, "10 / 10"),
    "a dumb terminal": ((), {"TERM": "dumb", "NO_COLOR": "1"}, "10 / 10"),
    "a narrow terminal": ((), {"COLUMNS": "20"}, "10 / 10"),
    "no privileges to be had": (("setpriv", "--no-new-privs"), {}, "10 / 10"),
    "warnings are errors": ((), {"PYTHONWARNINGS": "error"}, "10 / 10"),
    "optimised": ((), {"PYTHONOPTIMIZE": "2"}, "10 / 10"),
    "a path of another Python's": ((), {"PYTHONPATH": "/nonexistent", "PYTHONSAFEPATH": "1"}, "10 / 10"),
}


def forbid(name):
    """Make a system call fail with EPERM from now on, as old seccomp profiles of containers do."""
    steps = [(syscalls.LOAD, 0, 0, syscalls.NUMBER), (syscalls.EQUAL, 0, 1, SYSTEM_CALLS[name]),
             (syscalls.RETURN, 0, 0, syscalls.FAIL | errno.EPERM), (syscalls.RETURN, 0, 0, syscalls.ALLOW)]  # fmt: skip
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    header = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program))
    assert libc.prctl(syscalls.PR_SET_SECCOMP, syscalls.SECCOMP_MODE_FILTER, header, 0, 0) == 0


@pytest.fixture(scope="module")
def course():
    """A course that everybody may use, with the solution as a submission. pytest's own folders are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="environments-"))
    folder.chmod(0o755)
    root = folder / "course {a} ü (1) 20%"
    root.mkdir()
    subprocess.run([sys.executable, "-m", "autograder", "new", "averages"], cwd=root, check=True)
    release = [sys.executable, "-m", "nbgrader", "generate_assignment", "averages"]
    subprocess.run(release, cwd=root, check=True, env={**os.environ, "PATH": os.defpath})  # nothing is activated
    handed_in = root / "submitted" / "ann" / "averages" / "averages.ipynb"
    handed_in.parent.mkdir(parents=True)
    shutil.copy(root / "source" / "averages" / "averages.ipynb", handed_in)
    subprocess.run(["chmod", "-R", "a+rwX", str(root)], check=True)
    yield root
    shutil.rmtree(folder)


def run(course, tmp_path, before, settings, *arguments, **more):
    """A command of ours after `before`, in an environment with these settings."""
    environment = {**os.environ, "SCRATCH": str(tmp_path), **settings}
    environment = {name: value for name, value in environment.items() if value is not None}
    return subprocess.run([*before, sys.executable, "-m", "autograder", *arguments], cwd=course, env=environment,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=200, **more)  # fmt: skip


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_check(course, tmp_path, name):
    before, settings, said = ENVIRONMENTS[name]
    done = run(course, tmp_path, before, settings, "check", "submitted/ann/averages/averages.ipynb")
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr.decode("utf-8", "replace")
    assert said in " ".join(done.stdout.decode("utf-8", "replace").split())


@pytest.mark.parametrize("name", ["as it is", "a user without a passwd entry", "a terminal without check marks"])
def test_grade(course, tmp_path, name):
    """The course's path holds spaces, braces, a percent sign and an umlaut."""
    before, settings, _ = ENVIRONMENTS[name]
    for folder in ("autograded", "feedback", ".autograder"):
        shutil.rmtree(course / folder, ignore_errors=True)
    done = run(course, tmp_path, before, settings, "grade", "averages")
    assert done.returncode == 0 and b"Traceback" not in done.stderr, done.stderr.decode("utf-8", "replace")
    assert b"1 submission: 1 graded, 1 recorded, 0 failed" in done.stdout, done.stdout


@pytest.mark.parametrize("name", ["course [a]", "course%20a", "course?"])
def test_a_course_in_which_nbgrader_would_find_nothing_is_refused(course, tmp_path, name):
    shutil.copytree(course, tmp_path / name)
    for command in (["grade"], ["report"], ["new", "another"]):
        done = run(tmp_path / name, tmp_path, (), {}, *command)
        assert done.returncode == 2 and done.stderr.count(b"\n") == 1
        assert b"give the directory another name" in done.stderr


@pytest.mark.parametrize("name", SYSTEM_CALLS)
def test_a_worker_that_could_not_be_killed_is_not_started(course, tmp_path, name):
    results = tmp_path / "results.json"
    arguments = ("check", "submitted/ann/averages/averages.ipynb", "--results", str(results))
    done = run(course, tmp_path, (), {}, *arguments, preexec_fn=lambda: forbid(name))
    assert done.returncode == 2 and b"Traceback" not in done.stderr
    assert b"pidfd_open and pidfd_send_signal are not allowed here" in done.stderr and done.stderr.count(b"\n") == 1
    told = json.loads(results.read_text("utf-8"))
    assert told["score"] == 0 and "not by a fault of yours" in told["output"] and "pidfd_open" in told["output"]
