"""How much faster the training of the notebook is with utils/rnn.py than with the textbook form of it.

The solution cells of the source notebook are run twice: with `utils` as it is, and with the functions below,
which follow the formulas step by step (one-hot vectors, one matrix product per time step and per gradient).
Products are written with @, as in the notebook. With np.dot, quicker on small arrays and used in utils/rnn.py, the
textbook form takes about a fifth less time: the ratio is then near 3.
The same arithmetic as a compiled loop (training.c, needs a C compiler) tells what the processor needs for it; the rest
of NumPy's time goes into Python and into calling NumPy. All run on one thread, in turn, three times; the least time of
each counts, since whatever else the machine does only adds to it.
Exit status 1 if the losses differ inside the stable window or if utils is too slow at full length.
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # before NumPy: waiting threads would count as work

import argparse
import contextlib
import ctypes
import io
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograder.grading.reference import load_reference
from utils import get_initial_loss, initialize_parameters, softmax

ROOT = Path(__file__).resolve().parent.parent
FULL_LENGTH, ROUNDS = 35_000, 3
LAST_STABLE = 12_001  # later losses depend on the processor: see the notebook on chaos
SMALLEST_RATIO = 3.5
LARGEST_DIFFERENCE = 1e-11

Arrays = dict[str, np.ndarray]
Steps = dict[int, np.ndarray]


def textbook_forward(
    X: Sequence[int | None], Y: Sequence[int], a0: np.ndarray, parameters: Arrays, vocab_size: int = 27
) -> tuple[float, tuple[Steps, Steps, Steps]]:
    """The loss of one name, and all x<t>, a<t>, y<t>."""
    Wax, Waa, Wya, b, by = (parameters[name] for name in ("Wax", "Waa", "Wya", "b", "by"))
    x, a, y = {}, {-1: np.copy(a0)}, {}
    loss = 0.0
    for t in range(len(X)):
        x[t] = np.zeros((vocab_size, 1))
        if X[t] is not None:
            x[t][X[t]] = 1
        a[t] = np.tanh(Wax @ x[t] + Waa @ a[t - 1] + b)
        y[t] = softmax(Wya @ a[t] + by)
        loss -= np.log(y[t][Y[t], 0])
    return loss, (x, a, y)


def textbook_backward(
    X: Sequence[int | None], Y: Sequence[int], parameters: Arrays, cache: tuple[Steps, Steps, Steps]
) -> tuple[Arrays, Steps]:
    """The gradients of the loss, summed step by step, and all a<t>."""
    x, a, y = cache
    gradients = {"d" + name: np.zeros_like(array) for name, array in parameters.items()}
    gradients["da_next"] = np.zeros_like(a[-1])
    for t in reversed(range(len(X))):
        dy = np.copy(y[t])
        dy[Y[t]] -= 1
        gradients["dWya"] += dy @ a[t].T
        gradients["dby"] += dy
        da = parameters["Wya"].T @ dy + gradients["da_next"]
        dz = (1 - a[t] * a[t]) * da
        gradients["db"] += dz
        gradients["dWax"] += dz @ x[t].T
        gradients["dWaa"] += dz @ a[t - 1].T
        gradients["da_next"] = parameters["Waa"].T @ dz
    return gradients, a


def textbook_update(parameters: Arrays, gradients: Arrays, lr: float) -> Arrays:
    """One step of gradient descent, in place."""
    for name in parameters:
        parameters[name] += -lr * gradients["d" + name]
    return parameters


TEXTBOOK: dict[str, Callable[..., Any]] = {
    "rnn_forward": textbook_forward,
    "rnn_backward": textbook_backward,
    "update_parameters": textbook_update,
}


def course_data() -> tuple[str, dict[int, str], dict[str, int]]:
    """The course's names, and the two dictionaries of its characters."""
    data = (ROOT / "datasets/dinos.txt").read_text().lower()
    ix_to_char = dict(enumerate(sorted(set(data))))
    return data, ix_to_char, {char: ix for ix, char in ix_to_char.items()}


def train(functions: dict[str, Callable[..., Any]], iterations: int) -> tuple[float, dict[int, float]]:
    """Processor seconds of the notebook's training with these functions put in, and the losses that it printed."""
    notebook = load_reference(ROOT / "source/dinosaur-island/dinosaur-island.ipynb")
    notebook.update(functions)
    printed = io.StringIO()
    start = time.process_time()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
        notebook["model"](*course_data(), num_iterations=iterations)
    seconds = time.process_time() - start
    losses = re.findall(r"Iteration: (\d+), Loss: (\S+)", printed.getvalue())
    return seconds, {int(iteration): float(loss) for iteration, loss in losses}


def train_compiled(iterations: int) -> tuple[float, float]:
    """Processor seconds of the same training without Python, and the smoothed loss after it."""
    with tempfile.TemporaryDirectory() as folder:
        library = Path(folder) / "training.so"
        source = Path(__file__).with_suffix(".c")
        flags = ["-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]
        subprocess.run(["cc", *flags, source, "-o", library, "-lm"], check=True)
        compiled = ctypes.CDLL(str(library)).train
    data, _, char_to_ix = course_data()
    names = [line.strip() for line in data.split("\n")]
    np.random.seed(0)
    np.random.shuffle(names)
    indices = np.array([char_to_ix[char] for name in names for char in name], dtype=np.int32)
    starts = np.cumsum([0, *map(len, names)], dtype=np.int32)
    parameters = initialize_parameters(50, 27, 27)
    real = ctypes.c_double
    compiled.restype = real
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (indices, starts, *parameters.values())]
    loss = real(get_initial_loss(27, 7))
    start = time.process_time()
    last = compiled(*pointers[:2], len(names), iterations, 50, 27, *pointers[2:], real(0.01), real(5), loss)
    return time.process_time() - start, last


def main() -> int:
    """Print the table; 1 if utils is too slow or computes something else."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=FULL_LENGTH)
    iterations = parser.parse_args().iterations

    rounds = [(train(TEXTBOOK, iterations), train({}, iterations), train_compiled(iterations)) for _ in range(ROUNDS)]
    textbook_seconds, seconds, compiled_seconds = (min(run[0] for run in runs) for runs in zip(*rounds, strict=True))
    (_, textbook_losses), (_, losses), _ = rounds[0]
    _, compiled_loss = train_compiled(2001)
    ratio = textbook_seconds / seconds
    difference = max(abs(losses[j] - wanted) / wanted for j, wanted in textbook_losses.items() if j <= LAST_STABLE)
    same_work = 2001 not in losses or abs(compiled_loss - losses[2001]) < 1e-9

    print(f"{iterations:,} iterations  CPU seconds")
    print(f"textbook form     {textbook_seconds:11.2f}")
    print(f"utils/rnn.py      {seconds:11.2f}")
    print(f"compiled loop     {compiled_seconds:11.2f}   (the arithmetic alone)")
    print(f"textbook / utils  {ratio:11.2f}   (at least {SMALLEST_RATIO} at {FULL_LENGTH:,} iterations)")
    print(f"share of Python   {1 - compiled_seconds / seconds:11.0%}   (of the time of utils/rnn.py)")
    print(f"losses differ by  {difference:11.1e}   (at most {LARGEST_DIFFERENCE:.0e}, up to {LAST_STABLE:,})")
    slow = iterations >= FULL_LENGTH and ratio < SMALLEST_RATIO
    return int(slow or not same_work or not difference <= LARGEST_DIFFERENCE)


if __name__ == "__main__":
    sys.exit(main())
