"""How much faster the training of the notebook is with utils/rnn.py than with the textbook form of it.

The solution cells of the source notebook are run twice: with `utils` as it is, and with the functions below,
which follow the formulas step by step (one-hot vectors, one matrix product per time step and per gradient).
Products are written with @, as in the notebook. With np.dot, quicker on small arrays and used in utils/rnn.py, the
textbook form takes about a fifth less time: the ratio is then near 3.
Exit status 1 if the losses differ inside the stable window or if utils is too slow at full length.
"""

import argparse
import contextlib
import io
import re
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograder.reference import load_reference
from utils import softmax

ROOT = Path(__file__).resolve().parent.parent
FULL_LENGTH = 35_000
LAST_STABLE = 12_001  # later losses depend on the processor: see the notebook on chaos
SMALLEST_RATIO = 3
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


def train(functions: dict[str, Callable[..., Any]], iterations: int) -> tuple[float, dict[int, float]]:
    """Processor seconds of the notebook's training with these functions put in, and the losses that it printed."""
    notebook = load_reference(ROOT / "source/dinosaur-island/dinosaur-island.ipynb")
    notebook.update(functions)
    data = (ROOT / "datasets/dinos.txt").read_text().lower()
    ix_to_char = dict(enumerate(sorted(set(data))))
    char_to_ix = {char: ix for ix, char in ix_to_char.items()}
    printed = io.StringIO()
    start = time.process_time()
    with contextlib.redirect_stdout(printed):
        notebook["model"](data, ix_to_char, char_to_ix, num_iterations=iterations)
    seconds = time.process_time() - start
    losses = re.findall(r"Iteration: (\d+), Loss: (\S+)", printed.getvalue())
    return seconds, {int(iteration): float(loss) for iteration, loss in losses}


def main() -> int:
    """Print the table; 1 if utils is too slow or computes something else."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=FULL_LENGTH)
    iterations = parser.parse_args().iterations

    textbook_seconds, textbook_losses = train(TEXTBOOK, iterations)
    seconds, losses = train({}, iterations)
    ratio = textbook_seconds / seconds
    difference = max(abs(losses[j] - wanted) / wanted for j, wanted in textbook_losses.items() if j <= LAST_STABLE)

    print(f"{iterations:,} iterations  CPU seconds")
    print(f"textbook form     {textbook_seconds:11.2f}")
    print(f"utils/rnn.py      {seconds:11.2f}")
    print(f"ratio             {ratio:11.2f}   (at least {SMALLEST_RATIO} at {FULL_LENGTH:,} iterations)")
    print(f"losses differ by  {difference:11.1e}   (at most {LARGEST_DIFFERENCE:.0e}, up to {LAST_STABLE:,})")
    slow = iterations >= FULL_LENGTH and ratio < SMALLEST_RATIO
    return int(slow or not difference <= LARGEST_DIFFERENCE)


if __name__ == "__main__":
    sys.exit(main())
