"""The self-test as the machine is, without NumPy's CPU features and on six BLAS kernels, and with another NumPy.

    python benchmarks/verdicts.py .venv/bin .venv-oldest/bin

All machines are tried in the first environment, two in the others. Each run has to find no error, and every check of
every known submission the state that it has in the first run: the last line counts those that differ (flips). Ends with
1 when anything is wrong. Some two minutes a run on two cores.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

ASSIGNMENTS = ("dinosaur-island", "shakespeare")
KERNELS = ("Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX")
ASK_NUMPY = """
import numpy
core = (numpy._core if hasattr(numpy, "_core") else numpy.core)._multiarray_umath
print(numpy.__version__)
print(*(name for name in core.__cpu_dispatch__ if core.__cpu_features__[name]))
"""
Verdicts = dict[str, dict[str, str]]


def main() -> int:
    """Run the whole grid and print a table of it."""
    console = Console()
    table = Table(title="Verdicts on known submissions")
    for column in ("NumPy", "machine", "checks", "errors", "flips"):
        table.add_column(column, justify="left" if column == "machine" else "right")
    first: Verdicts | None = None
    compared = flipped = failed = 0
    for directory in map(Path, sys.argv[1:]):
        numpy, features = subprocess.run(
            [directory / "python", "-W", "ignore", "-c", ASK_NUMPY], check=True, capture_output=True, text=True
        ).stdout.splitlines()
        machines: dict[str, dict[str, str]] = {
            "as it is": {},
            "no CPU features": {"NPY_DISABLE_CPU_FEATURES": features},
        }
        if first is None:
            machines |= {kernel: {"OPENBLAS_CORETYPE": kernel} for kernel in KERNELS}
        for name, machine in machines.items():
            console.print(f"NumPy {numpy}, {name} ...")
            verdicts, output = _selftest(directory, machine)
            first = first or verdicts
            checks = [(case, check) for case, states in first.items() for check in states]
            flips = [(case, check) for case, check in checks if verdicts[case][check] != first[case][check]]
            errors = sum(int(count) for count in re.findall(r"variants: (\d+) errors?\.", output))
            compared, flipped, failed = compared + len(checks), flipped + len(flips), failed + errors
            table.add_row(numpy, name, str(len(checks)), str(errors), str(len(flips)))
            for case, check in flips:
                console.print(f"[red]{case}: {check} is {verdicts[case][check]}, was {first[case][check]}[/red]")
            if errors:
                console.print(output, markup=False)
    console.print(table)
    console.print(f"{flipped} of {compared} verdicts flipped; {failed} errors.")
    return 1 if flipped or failed else 0


def _selftest(directory: Path, machine: dict[str, str]) -> tuple[Verdicts, str]:
    """The states of all checks, and what the self-tests printed."""
    verdicts, printed = {}, ""
    for name in ASSIGNMENTS:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "verdicts.json"
            command = [directory / "autograder", "selftest", name, "--unseen", "0", "--verdicts", file]
            run = subprocess.run(
                command, env={**os.environ, **machine, "COLUMNS": "200"}, capture_output=True, text=True
            )
            if not file.exists():
                raise SystemExit(f"{directory}/autograder selftest {name} failed:\n{run.stdout}{run.stderr}")
            states = json.loads(file.read_text("utf-8"))
            verdicts |= {f"{name}, {case}": checks for case, checks in states.items()}
            printed += run.stdout
    return verdicts, printed


if __name__ == "__main__":
    raise SystemExit(main())
