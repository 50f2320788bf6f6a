"""Where students' wrong programs are wrong: a question of the Refactory data set (Hu et al., ASE 2019).

    python -m benchmarks.repairs PATH/data/question_1 [--variants 40] [--programs 100] [--show]

The folder is that of https://github.com/githubhuyang/refactory (data.zip); nothing of it is part of this repository.
Printed beside our figures are the paper's own, of `refactory_online.csv` in the same folder: all correct programs at
hand, and none.
"""

from __future__ import annotations

import argparse
import ast
import csv
import statistics
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from autograder.grading.diagnosis.align import Donor, donor_of
from autograder.grading.diagnosis.bench import NotTried, Task, prepared
from autograder.grading.diagnosis.edits import likeness, tokens
from autograder.grading.diagnosis.program import counted
from autograder.grading.diagnosis.repair import MOST_LINES, Found, locate, unit_of
from autograder.sandbox.process import Limits

SEED = 1
TRIED = ("located", "one of several", "not located")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("question", type=Path)
    parser.add_argument("--variants", type=int, default=40, help="correct programs besides the reference")
    parser.add_argument("--programs", type=int, default=0, help="how many wrong ones; default: all")
    parser.add_argument("--show", action="store_true", help="print each program and what was found")
    options = parser.parse_args()
    question = Question(options.question, options.variants)
    wrong = sorted((options.question / "code" / "wrong").glob("*.py"))
    if options.programs:
        wrong = wrong[:: max(1, len(wrong) // options.programs)][: options.programs]
    counts: Counter[str] = Counter()
    seconds: list[float] = []
    lines: list[int] = []
    for path in wrong:
        start = time.perf_counter()  # the process that tries programs is none of our children
        kind, found = question.look_at(path.read_text("utf-8", "replace"))
        counts[kind] += 1
        if kind in TRIED:
            seconds.append(time.perf_counter() - start)
            lines += [len(one.places) for one in found] if kind == "located" else []
        if options.show and kind != "passes":
            _show(path, kind, found, seconds[-1] if seconds else 0)
    tried = sum(counts[kind] for kind in TRIED)
    if not tried:
        sys.exit("No program fails the tests.")
    print(f"{options.question.name}: {len(wrong)} programs, {counts['passes']} pass the tests, {counts['unreadable']} "
          f"are no Python, {counts['lost']} took too long; reference and {options.variants} variants")  # fmt: skip
    print(f"located in at most {MOST_LINES} lines: {counts['located']} of {tried} ({counts['located'] / tried:.1%}), "
          f"{statistics.mean(lines):.2f} lines on average; of {counts['one of several']} more, one mistake of several"
          )  # fmt: skip
    print(f"seconds: median {statistics.median(seconds):.2f}, 90th percentile "
          f"{sorted(seconds)[int(0.9 * len(seconds))]:.2f}, longest {max(seconds):.2f}")  # fmt: skip
    for rate, rows in _paper(options.question / "refactory_online.csv", {path.name for path in wrong}).items():
        repaired = [row for row in rows if row["Status"].startswith("success")]
        times = [float(row["Total Time"]) for row in rows if row["Total Time"]]
        print(f"Refactory with {rate} % of the correct programs: {len(repaired)} of {len(rows)} "
              f"({len(repaired) / len(rows):.1%}) repaired, median {statistics.median(times):.2f} s")  # fmt: skip


class Question:
    """A question of the data set: what is asked, and correct programs."""

    def __init__(self, folder: Path, variants: int) -> None:
        self.prelude = "\n".join(path.read_text("utf-8") for path in folder.glob("code/global.py"))
        reference = next((folder / "code" / "reference").glob("*.py")).read_text("utf-8")
        self.functions = [one.name for one in ast.parse(reference).body if isinstance(one, ast.FunctionDef)]
        self.limits = Limits()
        known: dict[str, Any] = {}
        exec(self.prelude, known)
        calls: dict[str, list[dict[str, Any]]] = {name: [] for name in self.functions}
        for path in sorted((folder / "ans").glob("input_*.txt")):
            call = ast.parse(path.read_text("utf-8").strip(), mode="eval").body
            assert isinstance(call, ast.Call) and isinstance(call.func, ast.Name)
            arguments = [eval(compile(ast.Expression(one), "", "eval"), known) for one in call.args]
            calls[call.func.id].append({"arguments": arguments, "names": [], "cell": "", "matter": []})
        programs = [path.read_text("utf-8", "replace") for path in sorted((folder / "code" / "correct").glob("*.py"))]
        correct = _apart(programs, reference, variants)
        self.reference = reference
        self.tasks: dict[str, Task] = {}
        self.donors: dict[str, list[Donor]] = {}
        start = time.perf_counter()
        for name in self.functions:
            donors = {text: donor for text in correct if (donor := donor_of(text, name, self.functions))}
            cells = [[("prelude", self.prelude), ("reference", counted(reference)), ("variant", counted(text))]
                     for text in donors]  # fmt: skip
            self.tasks[name] = prepared(name, [("prelude", self.prelude), ("reference", counted(reference))], cells,
                                        calls[name], SEED, {}, self.limits)  # fmt: skip
            used = [[*donors.values()][number] for number in self.tasks[name].variants]
            own = donor_of(reference, name, self.functions)
            assert own is not None
            self.donors[name] = [own, *used]
        about = ", ".join(f"{len(task.calls)} inputs of {name}" for name, task in self.tasks.items())
        print(f"prepared in {time.perf_counter() - start:.1f} s: {about}")

    def look_at(self, text: str) -> tuple[str, list[Found]]:
        """What comes of a wrong program: of each of its functions that fails."""
        try:
            statements = range(len(ast.parse(text).body))
        except (SyntaxError, ValueError):
            return "unreadable", []
        cells = [("prelude", self.prelude, range(len(ast.parse(self.prelude).body))), ("cell 1", text, statements)]
        found, wrong = [], False
        try:
            for name in self.functions:
                last = [("solution", _only(self.reference, [one for one in self.functions if one != name]))]
                if unit_of(cells, name, self.functions) is None:
                    return "not located", []
                one = locate(cells, self.tasks[name], self.donors[name], last, self.functions, {}, self.limits)
                if one is not None and not one.edits:
                    continue
                wrong = True
                if one is None or one.partly:
                    return "one of several" if one else "not located", [one] if one else []
                found.append(one)
        except NotTried:
            return "lost", []
        if not wrong:
            return "passes", []
        places = {place for one in found for place in one.places}
        return "located" if len(places) <= MOST_LINES else "not located", found


def _only(source: str, names: list[str]) -> str:
    """The functions of these names."""
    kept = [one for one in ast.parse(source).body if not isinstance(one, ast.FunctionDef) or one.name in names]
    return counted("\n".join(map(ast.unparse, kept)))


def _apart(programs: list[str], reference: str, number: int) -> list[str]:
    """As many programs as are asked for, those that differ most from each other and from the reference."""
    bags = {}
    for text in dict.fromkeys(programs):
        try:
            bags[text] = tokens(ast.parse(text))
        except (SyntaxError, ValueError):
            continue
    nearest = {text: likeness(bag, tokens(ast.parse(reference))) for text, bag in bags.items()}
    chosen: list[str] = []
    while nearest and len(chosen) < number:
        text = min(nearest, key=lambda one: nearest[one])
        chosen.append(text)
        del nearest[text]
        for other in nearest:
            nearest[other] = max(nearest[other], likeness(bags[text], bags[other]))
    return chosen


def _paper(path: Path, names: set[str]) -> dict[str, list[dict[str, str]]]:
    """The paper's results by the rate of correct programs that were used."""
    csv.field_size_limit(1 << 30)
    rows: dict[str, list[dict[str, str]]] = {}
    with path.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["File Name"] in names and row["Sampling Rate"] in ("0", "100") and row["Experiment ID"] == "0":
                rows.setdefault(row["Sampling Rate"], []).append(row)
    return rows


def _show(path: Path, kind: str, found: list[Found], seconds: float) -> None:
    print(f"---- {path.name}: {kind}, {seconds:.2f} s")
    marked = {line for one in found for _, line in one.places}
    for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
        print(f"{'>' if number in marked else ' '} {number:3} {line}")
    for one in found:
        for edit in one.edits:
            print(f"    {edit.kind}, {edit.places}: {edit.before!r} -> {edit.after!r}{', partly' * one.partly}")


if __name__ == "__main__":
    main()
