"""Packages that are imported before workers are forked: they are there at once, and they work in every worker."""

import ast
import importlib.util
import site

import pytest

from autograder.errors import CannotGrade
from autograder.sandbox import wire
from autograder.sandbox.process import Limits, Sandbox

PRODUCTS = {  # that a package's own thread pool works at
    "numpy": "import numpy as np\nproduct = np.ones((300, 300)) @ np.ones((300, 300))",
    "pandas": "import pandas as pd\nones = pd.DataFrame(1.0, range(300), range(300))\nproduct = ones.dot(ones).values",
    "scipy.linalg": "import numpy as np\nfrom scipy.linalg.blas import dgemm\nones = np.ones((300, 300))\n"
    "product = dgemm(1.0, ones, ones)",
    "sklearn.metrics.pairwise": "import numpy as np\nfrom sklearn.metrics.pairwise import linear_kernel\n"
    "product = linear_kernel(np.ones((300, 300)))",
    "jax": "import jax.numpy as np\nproduct = np.ones((300, 300)) @ np.ones((300, 300))",
    "torch": "import torch\nproduct = torch.ones(300, 300) @ torch.ones(300, 300)",  # `make shakespeare` has it
}
HERE = [name for name in PRODUCTS if name != "torch" or importlib.util.find_spec(name)]
LARGE = ("jax", "torch")  # which take half a second a worker: `make shakespeare`


def loaded(sandbox, source):
    """What a worker answers that runs one cell."""
    statements = tuple(range(len(ast.parse(source).body)))
    message = {
        "do": "load",
        "snippets": [("cell 1", source, statements)],
        "files": {},
        "functions": [],
        "names": [],
        "lent": [],
        "probes": "",
        "cell": "",
    }
    return sandbox.ask(wire.pack(message), 30)


@pytest.mark.parametrize("package", [pytest.param(one, marks=[pytest.mark.heavy] * (one in LARGE)) for one in HERE])
def test_no_worker_hangs(package):
    """Fifty workers multiply matrices, each with threads of its own."""
    limits = Limits(memory_mb=4096, preload=(package,))
    source = f"import sys\nassert {package!r} in sys.modules\n{PRODUCTS[package]}\nassert float(product[7][7]) == 300"
    for _ in range(50):
        with Sandbox({}, limits, limits.allowance()) as sandbox:
            assert loaded(sandbox, source) == {"errors": [], "defined": [], "known": []}


def test_what_cannot_be_imported_stops_grading_with_its_name():
    limits = Limits(preload=("no_such_package",))
    with pytest.raises(CannotGrade, match=r"no_such_package .* cannot be imported .*No module named"):
        Sandbox({}, limits, limits.allowance())


def test_what_starts_threads_is_not_forked(tmp_path, monkeypatch):
    """A forked process would lack them, and wait for ever."""
    (tmp_path / "with_threads.py").write_text(
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n"
    )
    packages = site.getsitepackages()
    monkeypatch.setattr(site, "getsitepackages", lambda: [*packages, str(tmp_path)])
    limits = Limits(preload=("with_threads",))
    with pytest.raises(CannotGrade, match="starts threads"):
        Sandbox({}, limits, limits.allowance())
