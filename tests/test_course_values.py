"""The solved notebook gives the course's known figures on any BLAS kernel, as far as machines agree at all."""

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
SAMPLE = [
    12, 17, 24, 14, 13, 9, 10, 22, 24, 6, 13, 11, 12, 6, 21, 15, 21, 14, 3, 2, 1, 21, 18, 24, 7, 25, 6, 25, 18, 10,
    16, 2, 3, 8, 15, 12, 11, 7, 1, 12, 10, 2, 7,
]  # fmt: skip


def figures(kernel, iterations):
    """The figures from a fresh process on this BLAS kernel."""
    environment = {**os.environ, **({"OPENBLAS_CORETYPE": kernel} if kernel else {})}
    command = [sys.executable, str(ROOT / "tests" / "course_figures.py"), str(iterations)]
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
