"""What older versions of Landlock leave to seccomp holds with each (older_kernel.py stands in for the kernel)."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_faults import WITHOUT_LANDLOCK

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
PYTHON = [sys.executable, "-m"]
# Files, sockets and signals: what later versions brought. `make kernels` runs all there is on real kernels.
BROUGHT_LATER = "outside or graders or its_own or server or signal or beside or writing/ or reaching/ or killed"


def run(*command):
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)


def on(kernel, *command):
    return run(sys.executable, "tests/older_kernel.py", kernel, *PYTHON, *command)


# The oldest and none; `make redteam` has those between.
@pytest.mark.parametrize("kernel", ["1", "ENOSYS", *(pytest.param(n, marks=pytest.mark.heavy) for n in "356")])
def test_what_later_versions_guard_is_closed(kernel):
    """Without Landlock (ENOSYS) a mount namespace guards files."""
    options = ["-q", "-p", "no:xdist", "-p", "no:cacheprovider", "-k", BROUGHT_LATER]
    done = on(kernel, "pytest", *options, "tests/test_sandbox.py", "tests/redteam")
    assert done.returncode == 0, done.stdout[-5000:]


@pytest.mark.parametrize(
    ("kernel", "facts"),
    [
        ("1", ["version 1: guards files\n", "guarded by Landlock 1"]),
        ("4", ["version 4: guards files, moving files, emptying files, TCP\n", "guarded by Landlock 4"]),
        ("ENOSYS", ["none: Linux ", "was built without Landlock", "guarded by a mount namespace"]),
        ("EOPNOTSUPP", ["none: Landlock is switched off", "guarded by a mount namespace"]),
    ],
)
def test_the_doctor_says_what_is_there(kernel, facts):
    done = on(kernel, "autograder", "doctor")
    assert done.returncode == 0
    assert done.stdout.endswith("Students' code can be confined here.\n")
    assert [fact for fact in facts if fact not in done.stdout] == []


def test_the_doctor_says_why_not():
    done = run(sys.executable, "-c", WITHOUT_LANDLOCK, "autograder", "doctor")
    assert done.returncode == 2
    assert "guarded by nothing" in done.stdout
    assert "cannot confine students' code" in done.stderr and "a mount namespace cannot take its place" in done.stderr
    assert len(done.stderr.splitlines()) == 1
