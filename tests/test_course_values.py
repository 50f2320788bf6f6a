"""The solved notebook gives the course's known figures, as far as they are the same on every machine, on any BLAS kernel."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
KERNELS = ["Prescott", "Nehalem", "Sandybridge", "Haswell", "Zen", "SkylakeX"]

# iteration: (smoothed loss, relative tolerance, first and last of the seven names); chaotic from 16,001 on
TRAINING = {
    1: (23.087336085484605, 1e-12, "Nkzxwtdmfqoeyhsqwasjkjvu", "Xwtdmfqoeyhsqwasjkjvu"),
    2001: (27.884160491415777, 1e-11, "Liusskeomnolxeros", "Tpraneronxeros"),
    4001: (25.90181489335302, 1e-11, "Mivrosaurus", "Toraperlethosdarenitochusthiamamumamaon"),
    6001: (24.608778900832394, 1e-11, "Onwusceomosaurus", "Toreonosaurus"),
    8001: (24.070350147705277, 1e-11, "Onxusichepriuon", "Trodiktonus"),
    10001: (23.84444646002657, 1e-11, "Onyusaurus", "Troceosaurus"),
    12001: (23.291971267939104, 1e-11, "Onyxosaurus", "Trognesaurus"),
    14001: (23.38233761730599, 1e-5, "Meutromodromurus", "Troclosaurus"),
}
SAMPLE = [12, 17, 24, 14, 13, 9, 10, 22, 24, 6, 13, 11, 12, 6, 21, 15, 21, 14, 3, 2, 1, 21, 18, 24, 7, 25, 6, 25, 18, 10,
          16, 2, 3, 8, 15, 12, 11, 7, 1, 12, 10, 2, 7]  # fmt: skip

PROGRAM = """
import contextlib, io, json, sys
from pathlib import Path
import numpy as np
from autograder.reference import load_reference

ours = load_reference(Path("source/dinosaur-island/dinosaur-island.ipynb"))
data = Path("datasets/dinos.txt").read_text().lower()
char_to_ix = {char: ix for ix, char in enumerate(sorted(set(data)))}
ix_to_char = {ix: char for char, ix in char_to_ix.items()}
def weights(n_a):
    shapes = {"Wax": (n_a, 27), "Waa": (n_a, n_a), "Wya": (27, n_a), "b": (n_a, 1), "by": (27, 1)}
    return {name: np.random.randn(*shape) for name, shape in shapes.items()}
found = {"data": [len(data), len(char_to_ix), len(data.splitlines())]}
np.random.seed(3)
shapes = {"dWax": (5, 3), "dWaa": (5, 5), "dWya": (2, 5), "db": (5, 1), "dby": (2, 1)}
clipped = ours["clip"]({name: np.random.randn(*shape) * 10 for name, shape in shapes.items()}, 10)
found["clip"] = [clipped["dWaa"][1, 2], clipped["dWax"][3, 1], clipped["dWya"][1, 2], clipped["db"][4, 0], clipped["dby"][1, 0]]
np.random.seed(2)
found["sample"] = [int(index) for index in ours["sample"](weights(100), char_to_ix, 0)]
np.random.seed(1)
a_prev = np.random.randn(100, 1)
loss, g, a = ours["optimize"]([12, 3, 5, 11, 22, 3], [4, 14, 11, 22, 25, 26], a_prev, weights(100), 0.01)
found["optimize"] = [loss, g["dWaa"][1, 2], np.argmax(g["dWax"]), g["dWya"][1, 2], g["db"][4, 0], g["dby"][1, 0], a[4, 0]]
found["optimize"] = [float(value) for value in found["optimize"]]
out = io.StringIO()
with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
    ours["model"](data, ix_to_char, char_to_ix, int(sys.argv[1]))
found["model"] = out.getvalue()
print(json.dumps(found))
"""


def figures(kernel, iterations):
    """The figures from a fresh process on this BLAS kernel."""
    environment = {**os.environ, **({"OPENBLAS_CORETYPE": kernel} if kernel else {})}
    command = [sys.executable, "-c", PROGRAM, str(iterations)]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=300)
    return json.loads(run.stdout)


def supported(kernel):
    """Whether this processor has the instructions of the kernel."""
    if platform.machine() != "x86_64":
        return False
    flags = Path("/proc/cpuinfo").read_text()
    needed = {"Haswell": "avx2", "Zen": "avx2", "SkylakeX": "avx512f", "Sandybridge": "avx"}
    return needed.get(kernel, "sse2") in flags


@pytest.mark.parametrize(("kernel", "iterations"), [("", 14001), *((kernel, 4001) for kernel in KERNELS)])
def test_known_figures_come_out(kernel, iterations):
    if kernel and not supported(kernel):
        pytest.skip(f"this processor cannot run {kernel}")
    found = figures(kernel, iterations)
    assert found["data"] == [19909, 27, 1536]
    np.testing.assert_allclose(found["clip"], [10, -10, 0.2971381536101662, 10, 8.45833407], rtol=1e-8)
    assert found["sample"][:43] == SAMPLE
    assert len(found["sample"]) == 51
    expected = [126.50397572165362, 0.19470931534720892, 93, -0.007773876032003782, -0.06809825, 0.01538192, -1]
    np.testing.assert_allclose(found["optimize"], expected, rtol=5e-7)
    np.testing.assert_allclose(found["optimize"][:2], expected[:2], rtol=1e-12)
    blocks = [block.splitlines() for block in found["model"].strip().split("\n\n")]
    for iteration, (loss, tolerance, first, last) in list(TRAINING.items())[: len(blocks)]:
        head, *names = blocks[(iteration - 1) // 2000]
        assert head.startswith(f"Iteration: {iteration}, Loss: ")
        assert float(head.rsplit(" ", 1)[1]) == pytest.approx(loss, rel=tolerance)
        assert (len(names), names[0], names[-1]) == (7, first, last)
    assert len(blocks) == (iterations - 1) // 2000 + 1
