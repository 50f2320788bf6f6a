"""What goes wrong on our own side costs no grade: one sentence, nothing half-written, and the next run carries on."""

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from tests.test_grade_class import alive, forget_grades, grade, gradebook, wait_until_none

pytestmark = pytest.mark.slow

# In a mount namespace of its own: what is mounted there nobody else sees. Needs root, or user namespaces.
OWN_MOUNTS = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-c"]
GRADE = f"{sys.executable} -m autograder grade"
# A kernel without Landlock, in a container that allows no namespaces: nothing can guard files.
WITHOUT_LANDLOCK = """
import ctypes, errno, os, struct, sys
from autograder.sandbox.syscalls import ALLOW, EQUAL, FAIL, LOAD, NUMBER, PR_SET_SECCOMP, RETURN, SECCOMP_MODE_FILTER

LANDLOCK_CREATE_RULESET, PR_SET_NO_NEW_PRIVS = 444, 38
UNSHARE = {"x86_64": 272, "aarch64": 97}[os.uname().machine]
steps = [(LOAD, 0, 0, NUMBER), (EQUAL, 0, 1, LANDLOCK_CREATE_RULESET), (RETURN, 0, 0, FAIL | errno.ENOSYS),
         (EQUAL, 0, 1, UNSHARE), (RETURN, 0, 0, FAIL | errno.EPERM), (RETURN, 0, 0, ALLOW)]
program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
libc = ctypes.CDLL(None, use_errno=True)
libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
header = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program))
assert libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0) == 0
os.execv(sys.executable, [sys.executable, "-m", *sys.argv[1:]])
"""
CLOCK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
/* The clock of the wall jumps by up to a day either way at each look; the monotonic one does not. */
static long jump(void) { return random() % 172800 - 86400; }
int clock_gettime(clockid_t id, struct timespec *now) {
    int (*real)(clockid_t, struct timespec *) = dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(id, now);
    if (id == CLOCK_REALTIME) now->tv_sec += jump();
    return result;
}
time_t time(time_t *kept) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (kept) *kept = now.tv_sec;
    return now.tv_sec;
}
"""
STOPPED = """
import multiprocessing
from pathlib import Path
from autograder.course.pool import local_pool

def is_writing(process):
    return "pipe_write" in Path(f"/proc/{process.pid}/wchan").read_text()

with local_pool(1) as pool:
    pool.submit(bytes, 300 << 20)
    while not any(map(is_writing, multiprocessing.active_children())):
        pass
"""


@pytest.fixture(scope="module")
def filled(small_course):
    """A class, its grades when nothing goes wrong, and then no grades at all."""
    course = small_course
    course.empty_gradebook = (course.root / "gradebook.db").read_bytes()
    assert grade(course.root).returncode == 0
    course.grades = gradebook(course)
    return course


@pytest.fixture
def ungraded(filled):
    (filled.root / "gradebook.db").write_bytes(filled.empty_gradebook)
    forget_grades(filled)
    return filled


def assert_all_is_well_after(course):
    """The next run ends with the grades of an undisturbed one, and no half-written file lies about."""
    last = grade(course.root)
    assert last.returncode == 0, last.stdout + last.stderr
    assert gradebook(course) == course.grades
    assert {path.suffix for path in (course.kept / "reports").iterdir()} == {".json"}
    assert len(list((course.kept / "recorded").iterdir())) == len(course.grades)


def assert_one_sentence(done, words):
    text = " ".join((done.stdout + done.stderr).split())
    assert done.returncode not in (0, None)
    assert words in text
    assert "Traceback" not in text


def test_a_locked_gradebook(ungraded):
    with contextlib.closing(sqlite3.connect(ungraded.root / "gradebook.db")) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert_one_sentence(grade(ungraded.root), "The gradebook cannot be written (database is locked)")
    assert_all_is_well_after(ungraded)


def test_a_read_only_gradebook(ungraded):
    book = ungraded.root / "gradebook.db"
    command = f"mount --bind {book} {book} && mount -o remount,bind,ro {book} && {GRADE}"
    done = subprocess.run([*OWN_MOUNTS, command], cwd=ungraded.root, capture_output=True, text=True, timeout=300)
    assert_one_sentence(done, "The gradebook cannot be written (attempt to write a readonly database)")
    assert_all_is_well_after(ungraded)


@pytest.mark.parametrize(
    "command",
    [
        ["autograder", "grade"],
        ["autograder", "check", "submitted/perfect/averages/averages.ipynb"],
        ["nbgrader", "autograde", "averages", "--force"],
    ],
)
def test_a_kernel_that_cannot_confine(ungraded, command):
    """No student's code runs, and nobody is taken for wrong."""
    done = subprocess.run([sys.executable, "-c", WITHOUT_LANDLOCK, *command], cwd=ungraded.root, capture_output=True,
                          text=True, timeout=300)  # fmt: skip
    assert_one_sentence(done, "This machine cannot confine students' code")
    assert_all_is_well_after(ungraded)


@pytest.mark.parametrize("size_kb", [4, 400])
def test_no_room_for_what_students_write(ungraded, size_kb, tmp_path):
    """The temporary directory is too small for what a submission may write."""
    command = f"mount -t tmpfs -o size={size_kb}k none {tmp_path} && TMPDIR={tmp_path} {GRADE}"
    done = subprocess.run([*OWN_MOUNTS, command], cwd=ungraded.root, capture_output=True, text=True, timeout=300)
    assert_one_sentence(done, "0 MB left in")
    assert_all_is_well_after(ungraded)


@pytest.mark.parametrize("room_kb", [0, 20, 40, 60])
def test_a_full_disk(ungraded, room_kb, tmp_path):
    """The course lies on a small disk of its own, full but for some room; then the disk is cleared."""
    command = f"""
        mount -t tmpfs -o size=64m none {tmp_path} && cp -r {ungraded.root}/. {tmp_path} && cd {tmp_path} || exit 9
        head -c 1000000000 /dev/zero > filler 2> /dev/null
        truncate -s -{room_kb}K filler
        {GRADE}; echo "status $?"
        rm filler
        {GRADE} && cp gradebook.db {ungraded.root}/ && cp -r .autograder {ungraded.root}/
    """
    done = subprocess.run([*OWN_MOUNTS, command], cwd=ungraded.root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "status 0" not in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert_all_is_well_after(ungraded)


@pytest.mark.parametrize("moment", ["reports", "recorded"])
def test_ctrl_c(ungraded, moment):
    """While submissions are graded, and while they are recorded."""
    endless = ungraded.examples["perfect"].replace(b"return (sums", b"while True: (sums")
    if moment == "reports":  # the last one keeps the run from ending before it is stopped
        ungraded.submit("z", endless)
    run = subprocess.Popen(
        [sys.executable, "-m", "autograder", "grade", "--jobs", "1"], cwd=ungraded.root, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    kept = ungraded.kept / moment
    deadline = time.monotonic() + 100
    while not list(kept.glob("*")):
        assert run.poll() is None
        assert time.monotonic() < deadline
    os.killpg(run.pid, signal.SIGINT)  # as a terminal does
    text = run.communicate(timeout=60)[0]
    assert run.returncode == 130
    assert "What was graded is kept" in text
    assert "Traceback" not in text
    assert "leaked" not in text
    wait_until_none(lambda: alive(run.pid))
    (kept / ".999999999.part").write_text("{")  # as kill -9 may leave it
    shutil.rmtree(ungraded.root / "submitted" / "z", ignore_errors=True)
    assert_all_is_well_after(ungraded)


def test_stopped_while_a_result_is_on_its_way():
    """As Ctrl-C or a full disk may do: nobody waits for the rest of it."""
    stopped = subprocess.run([sys.executable, "-c", STOPPED], capture_output=True, text=True, timeout=100)
    assert (stopped.returncode, stopped.stderr) == (0, "")


def test_a_clock_that_jumps(ungraded, tmp_path):
    (tmp_path / "clock.c").write_text(CLOCK)
    library = tmp_path / "clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, tmp_path / "clock.c", "-ldl"], check=True)
    environment = {**os.environ, "LD_PRELOAD": str(library)}
    seen = subprocess.run([sys.executable, "-c", "import time; print(time.time() - time.time())"], env=environment,
                          capture_output=True, text=True, check=True)  # fmt: skip
    assert abs(float(seen.stdout)) > 1
    command = [sys.executable, "-m", "autograder", "grade"]
    done = subprocess.run(command, cwd=ungraded.root, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    assert gradebook(ungraded) == ungraded.grades
    assert_all_is_well_after(ungraded)


def test_an_assignment_that_was_never_released(filled):
    book = filled.root / "gradebook.db"
    book.unlink()
    assert_one_sentence(grade(filled.root), "run `nbgrader generate_assignment averages --force` first")
    book.write_bytes(filled.empty_gradebook)
