"""The attacks of tests/redteam on our grader, and on nbgrader's own execution in a kernel: how many succeed.

    python -m benchmarks.redteam [FAMILY ...]     all attacks on both, or some families', as a table

Each attack is graded by `nbgrader autograde` in a course of its own, between two honest students. So that none can
harm this machine, that happens in its own PID and mount namespace (needs root), with its own temporary file system,
within limits of memory, file size and time. A grader that holds does so without their help.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import nbformat
import numpy as np
from nbgrader.api import Gradebook
from rich.console import Console
from rich.progress import track
from rich.table import Table

from autograder.course.course import Course
from autograder.course.demo import make_course
from autograder.course.selftest import with_cells
from benchmarks.in_kernel import make_kernel_course, without_demonstrations
from tests.redteam.attacks import ASSIGNMENT, ATTACKS, HONEST, Surroundings, submission

NAME = ASSIGNMENT.name
SIDES = {"ours": ASSIGNMENT, "nbgrader": without_demonstrations(ASSIGNMENT)}
CELL_SECONDS = 6  # nbgrader's limit for a cell; ours is for a call
OUR_LIMITS = """
c.GradeInSandbox.seconds_per_call = 2
c.GradeInSandbox.seconds_per_submission = 20
"""
ATTACK_SECONDS = 300
NAMESPACE = [
    "unshare", "--pid", "--fork", "--mount", "--mount-proc", "--kill-child",
    "choom", "-n", "1000", "--",  # if memory runs out, theirs
    "prlimit", "--as=4294967296:", "--fsize=200000000:",  # soft: the browser may have more
    "sh", "-c", '"$@"; exit $?', "sh",
]  # fmt: skip
FAMILIES = {
    "forged": "forged answers", "patched": "patched libraries and builtins", "frames": "forged and stolen frames",
    "cheating": "grader in the same process", "reading": "reading", "writing": "writing", "reaching": "reaching out",
    "staying": "staying behind", "exhausting": "exhausting", "killing": "killing", "syscalls": "system calls",
    "file": "the notebook file", "html": "HTML and script, in a browser",
}  # fmt: skip
BROWSER = [
    "prlimit", "--as=unlimited", "--fsize=unlimited",  # it reserves terabytes of addresses
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-quic", "--virtual-time-budget=3000", "--dump-dom",
]  # fmt: skip


def main() -> int:
    """Attack both and print the tables. Returns 0 when no attack on ours succeeded."""
    console = Console()
    with tempfile.TemporaryDirectory() as folder:
        for side in SIDES:
            make_template(side, Path(folder) / side)
        chosen = [attack for attack in ATTACKS if attack[0] in (sys.argv[1:] or FAMILIES)]
        tasks = [(side, attack) for attack in [("honest", "wrong"), *chosen] for side in SIDES]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            answers = track(pool.map(partial(attacked, Path(folder)), tasks), "Attacking", len(tasks), console=console)
            results = dict(zip(tasks, answers, strict=True))
    honest = {side: results.pop((side, ("honest", "wrong"))) for side in SIDES}
    harm = {task: found(result, honest[task[0]]) for task, result in results.items()}
    console.print(*(f"{side}: {score['scores']}" for side, score in honest.items()), sep="\n")
    console.print(families(harm), outcomes(harm))
    succeeded = {attack: what for (side, attack), what in harm.items() if side == "ours" and what}
    for attack, what in succeeded.items():
        console.print(f"[red]{'/'.join(attack)}[/red]: {'; '.join(what)}")
    console.print(f"{len(chosen)} attacks: {len(succeeded)} succeeded against ours.")
    return 1 if succeeded else 0


def make_template(side: str, root: Path) -> None:
    """A course with a released assignment, and an honest student before and after the one who attacks."""
    if side == "ours":
        make_course(root, [])
        with (root / "nbgrader_config.py").open("a") as config:
            config.write(OUR_LIMITS)
    else:
        make_kernel_course(root, ASSIGNMENT, 11, CELL_SECONDS)
    for student in ("aa-honest", "zz-honest"):
        submit(root, student, with_cells(SIDES[side], []))
    api = Course(root).api
    assert api.generate_assignment(NAME, force=True)["success"]
    assert api.autograde(NAME, "aa-honest", force=True)["success"]


def submit(root: Path, student: str, data: bytes) -> None:
    """Hand in a file."""
    folder = root / "submitted" / student / NAME
    folder.mkdir(parents=True)
    (folder / f"{NAME}.ipynb").write_bytes(data)


def attacked(folder: Path, task: tuple[str, tuple[str, str]]) -> dict[str, object]:
    """What came of one attack on one side; of a grader that was killed or never came back, only that."""
    side, attack = task
    with tempfile.TemporaryDirectory(dir=folder) as place:
        command = [*NAMESPACE, sys.executable, "-m", __spec__.name, "inside", side, *attack, str(folder / side), place]
        environment = {**os.environ, "GRADER_TOKEN": "the-canary-sings-4711"}
        log = Path(place) / "log"
        with log.open("wb") as file:
            try:
                subprocess.run(command, stdout=file, stderr=file, timeout=ATTACK_SECONDS, env=environment)
            except subprocess.TimeoutExpired:
                return {"harm": ["never ended"]}
        result = Path(place) / "result.json"
        if not result.exists():
            return {"harm": ["killed the grader"], "log": log.read_text(errors="replace")[-2000:]}
        return dict(json.loads(result.read_text()))


def inside(side: str, family: str, name: str, template: Path, place: Path) -> None:
    """Grade one attack, and an honest student after it, in a namespace of our own; writes result.json."""
    logging.disable(logging.WARNING)
    work = place / "work"
    work.mkdir()
    for target in (work, "/dev/shm"):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512m", "none", str(target)], check=True)
    (work / "upper").mkdir()
    (work / "scratch").mkdir()
    packages = np.__path__[0]
    layers = f"lowerdir={packages},upperdir={work / 'upper'},workdir={work / 'scratch'}"
    subprocess.run(["mount", "-t", "overlay", "-o", layers, "none", packages], check=True)
    os.environ |= {key: str(work) for key in ("TMPDIR", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "HOME")}
    tempfile.tempdir = str(work)
    root = work / "course"
    shutil.copytree(template, root)
    around = Surroundings(work / "grader", root)
    data = (
        with_cells(SIDES[side], [HONEST])
        if family == "honest"
        else submission(family, name, around.places, SIDES[side])
    )
    submit(root, "mm-attack", data)
    course = Course(root)
    before = scores(course)["aa-honest"]
    start = time.monotonic()
    for student in ("mm-attack", "zz-honest"):
        course.api.autograde(NAME, student, force=True)
        if student == "mm-attack":
            seconds = time.monotonic() - start
    course.api.generate_feedback(NAME, "mm-attack", force=True)
    pages = [*root.glob(f"autograded/mm-attack/{NAME}/*.ipynb"), *root.glob(f"feedback/mm-attack/{NAME}/*.html")]
    harm = around.harm(shown(pages))
    harm += ["left a process" for _ in range(strangers())]
    after = scores(course)
    if after.get("aa-honest") != before or after.get("zz-honest") != before:
        harm.append("changed another student's grade")
    if family == "html" and pages:
        home = [f"--user-data-dir={work / 'browser'}"]
        page = subprocess.run([*BROWSER, *home, pages[-1].as_uri()], capture_output=True, text=True, timeout=100)
        assert "</body>" in page.stdout, page.stderr
        harm += ["ran a script"] if "data-pwned=" in page.stdout.split("<body", 1)[0] else []
    result = {"scores": after.get("mm-attack", {}), "harm": harm, "seconds": seconds}
    (place / "result.json").write_text(json.dumps(result))


def shown(pages: list[Path]) -> str:
    """What a student gets to see: the outputs, not what stands in the cells' own sources."""
    text = []
    for page in pages:
        if page.suffix == ".ipynb":
            cells = nbformat.read(page, as_version=4).cells
            text += [str(output) for cell in cells for output in cell.get("outputs", [])]
    return "\n".join(text)


def scores(course: Course) -> dict[str, dict[str, float]]:
    """Student -> test cell -> score, in the gradebook."""
    with Gradebook(course.api.coursedir.db_url) as book:
        return {
            one.student.id: {grade.name: grade.score for notebook in one.notebooks for grade in notebook.grades}
            for one in book.assignment_submissions(NAME)
        }


def strangers() -> int:
    """Processes in this namespace besides its first, this one, and our fork server."""
    known = {"1", str(os.getpid())}
    others = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if process.name not in known and command:
            others.append(command)
    return len(others) - any(b"forkserver" in command for command in others)


def found(result: dict[str, object], honest: dict[str, object]) -> list[str]:
    """The harm that an attack did, with points that it did not earn."""
    harm = list(result["harm"])  # type: ignore[call-overload]
    allowed = honest["scores"]
    earned = result.get("scores", {})
    if any(score > allowed[cell] for cell, score in earned.items()):  # type: ignore[attr-defined, index]
        harm.append("earned points")
    return sorted(set(harm))


def families(harm: dict[tuple[str, tuple[str, str]], list[str]]) -> Table:
    """By family: attempted, and succeeded on each side."""
    table = Table("family", title="Attacks that succeeded")
    for column in ("attempted", "autograder", "nbgrader 0.9, in a kernel"):
        table.add_column(column, justify="right")
    for family, title in {**FAMILIES, "": "all"}.items():
        chosen = {task: what for task, what in harm.items() if not family or task[1][0] == family}
        if not chosen:
            continue
        counts = [sum(bool(what) for (one, _), what in chosen.items() if one == side) for side in SIDES]
        table.add_row(title, str(len(chosen) // len(SIDES)), *map(str, counts), end_section=family == "html")
    return table


def outcomes(harm: dict[tuple[str, tuple[str, str]], list[str]]) -> Table:
    """By what was done: how many attacks did it on each side."""
    table = Table("what it did", title="How they succeeded (one attack may do several)")
    for side in SIDES:
        table.add_column(side, justify="right")
    counts = {side: Counter(what for (one, _), all_of_it in harm.items() if one == side
                            for what in all_of_it) for side in SIDES}  # fmt: skip
    for what in sorted(set().union(*counts.values())):
        table.add_row(what, *(str(counts[side][what]) for side in SIDES))
    return table


if __name__ == "__main__":
    if sys.argv[1:2] == ["inside"]:
        side, family, name, template, place = sys.argv[2:]
        inside(side, family, name, Path(template), Path(place))
    else:
        sys.exit(main())
