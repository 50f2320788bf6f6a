"""What older versions of Landlock leave to seccomp holds with each (older_kernel.py stands in for the kernel)."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
# Files, sockets and signals: what later versions brought. `make kernels` runs all there is on real kernels.
BROUGHT_LATER = "outside or graders or its_own or server or signal or beside or writing/ or reaching/ or killed"


@pytest.mark.parametrize("abi", ["1", "3", "5", "6"])
def test_landlock_of_version(abi):
    tests = ["pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", "tests/test_sandbox.py", "tests/redteam"]
    command = [sys.executable, "tests/older_kernel.py", abi, sys.executable, "-m", *tests, "-k", BROUGHT_LATER]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout[-5000:]
