"""`autograder grade --scheduler`: a real Dask scheduler and workers in processes of their own, one of them killed."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from distributed import Client

from examples.course import read, write
from tests.test_grade_class import forget_grades, grade, gradebook, scores_in
from tests.test_nbgrader_quickstart import nbgrader

pytestmark = pytest.mark.slow

KILLERS = {"exit": b"__import__('os')._exit(1)", "fault": b"__import__('ctypes').string_at(0)",
           "memory": b"[bytearray(1 << 24) for _ in range(1000)]"}  # fmt: skip
OWN = """c = get_config()
c.CourseDirectory.source_directory = "master"
c.CourseDirectory.submitted_directory = "handed_in"
c.ClearHiddenTests.begin_test_delimeter = "VVV SECRET VVV"
c.ClearHiddenTests.end_test_delimeter = "^^^ SECRET ^^^"
from autograder import plug_in
plug_in(c)
"""
LIMITS = "\nc.GradeInSandbox.seconds_per_call = 4\nc.GradeInSandbox.memory_mb = 128\n"


class Cluster:
    """A scheduler, and workers that share no directory with anybody."""

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.processes = [self.start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")]

    def start(self, what, *options):
        place = self.folder / f"{what}-{time.monotonic_ns()}"
        place.mkdir()
        command = ["dask", what, "--scheduler-file", str(self.file), *options]
        with open(place / "log", "w") as log:
            return subprocess.Popen(command, cwd=place, stdout=log, stderr=log)

    def add_worker(self):
        options = ("--nthreads", "1", "--memory-limit", "2GB", "--local-directory", ".", "--no-dashboard")
        self.processes.append(self.start("worker", "--host", "127.0.0.1", *options))

    @property
    def address(self):
        while not self.file.exists():
            assert self.processes[0].poll() is None
        return json.loads(self.file.read_text())["address"]

    def close(self):
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait(timeout=30)


@pytest.fixture
def cluster(tmp_path):
    cluster = Cluster(tmp_path)
    yield cluster
    cluster.close()


@pytest.fixture(scope="module")
def filled(small_course):
    course = small_course
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(LIMITS)
    for name, harm in KILLERS.items():
        course.submit(name, course.examples["perfect"].replace(b"sums = ", harm + b"; sums = "))
    return course


def test_the_gradebook_is_the_same_though_a_worker_is_killed_and_another_comes(filled, cluster):
    assert grade(filled.root).returncode == 0
    here = gradebook(filled)
    forget_grades(filled)
    (filled.root / "gradebook.db").unlink()
    assert filled.nbgrader("generate_assignment", "averages", "--force").returncode == 0

    cluster.add_worker()
    command = [sys.executable, "-m", "autograder", "grade", "--scheduler", cluster.address]
    run = subprocess.Popen(command, cwd=filled.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    while not list((filled.kept / "reports").iterdir()):
        assert run.poll() is None, run.stdout.read()
    with Client(cluster.address) as client:
        (pid,) = client.run(os.getpid).values()
        os.kill(pid, signal.SIGKILL)
    cluster.add_worker()
    text = run.communicate(timeout=300)[0]
    assert run.returncode == 0, text
    assert "Traceback" not in text
    assert gradebook(filled) == here
    assert len(here) == 7 and {sum(scores.values()) for scores in here.values()} == {0, 4, 10}


def test_workers_know_a_courses_own_directories_and_words_for_hidden_tests(tmp_path, cluster):
    root = tmp_path / "course"
    write(read("two-parts"), root, OWN)
    (root / "source").rename(root / "master")
    (root / "submitted").rename(root / "handed_in")
    for path in (root / "master").rglob("*.ipynb"):
        text = path.read_text("utf-8").replace("### BEGIN HIDDEN TESTS", "# VVV SECRET VVV")
        path.write_text(text.replace("### END HIDDEN TESTS", "# ^^^ SECRET ^^^"), "utf-8")
    nbgrader(root, "generate_assignment", "ps1")
    assert grade(root).returncode == 0
    here = scores_in(f"sqlite:///{root / 'gradebook.db'}", "ps1")
    shutil.rmtree(root / ".autograder")
    (root / "gradebook.db").unlink()
    nbgrader(root, "generate_assignment", "ps1", "--force")
    cluster.add_worker()
    done = grade(root, "--scheduler", cluster.address)
    assert done.returncode == 0, done.stdout + done.stderr
    assert scores_in(f"sqlite:///{root / 'gradebook.db'}", "ps1") == here
    assert sum(map(len, here.values()))


def test_a_scheduler_that_is_not_there_gets_one_sentence(filled):
    done = grade(filled.root, "--scheduler", "tcp://127.0.0.1:9")
    assert done.returncode == 2
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
