"""On macOS and Windows all but grading works, and grading says where it does (another_system.py stands in for them)."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

STAND_IN = Path(__file__).parent / "another_system.py"


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_all_but_grading_works(system, tmp_path):
    def run(*command):
        words = [sys.executable, str(STAND_IN), system, "-m", *command]
        return subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=300)

    assert run("autograder", "new", "averages").returncode == 0
    notebook = tmp_path / "source" / "averages" / "averages.ipynb"
    submitted = tmp_path / "submitted" / "ann" / "averages" / "averages.ipynb"
    submitted.parent.mkdir(parents=True)
    submitted.write_bytes(notebook.read_bytes())
    for command in (["grade"], ["check", "--assignment", "averages", str(submitted)], ["doctor"]):
        done = run("autograder", *command)
        assert (done.returncode, len(done.stderr.splitlines())) == (2, 1), done.stderr
        assert f"on Linux only, and this is {system}: grade in WSL2" in done.stderr
    done = run("autograder", "report")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "averages-report.html").exists()
    assert run("nbgrader", "export").returncode == 0
