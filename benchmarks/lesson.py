"""Measure what the lesson says of its own training run: `python -m benchmarks.lesson`, two minutes on a quiet core.

The source notebook's solution trains with and without clipping, and on nine tenths of the names. Training is chaotic:
processors differ in the last digits that are printed.
"""

import contextlib
import io
from pathlib import Path

import numpy as np

from autograder.grading.reference import load_reference
from utils.baselines import network_loss, ngram_loss, ngrams
from utils.rnn import rnn_forward

ROOT = Path(__file__).parents[1]
DATA = (ROOT / "datasets" / "dinos.txt").read_text("utf-8").lower()
CHAR_TO_IX = {char: ix for ix, char in enumerate(sorted(set(DATA)))}
IX_TO_CHAR = {ix: char for char, ix in CHAR_TO_IX.items()}
NAMES = DATA.split("\n")


def trained(names, bound=5):
    """Parameters and last printed loss of a whole run that clips at `bound`, and each step's largest gradient."""
    ours = load_reference(ROOT / "source" / "dinosaur-island" / "dinosaur-island.ipynb")
    clip, largest = ours["clip"], []

    def watched(gradients, _):
        largest.append(max(np.abs(gradients[name]).max() for name in ("dWax", "dWaa", "dWya", "db", "dby")))
        return clip(gradients, bound)

    ours["optimize"].__globals__["clip"] = watched
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        parameters = ours["model"]("\n".join(names), IX_TO_CHAR, CHAR_TO_IX)
    return parameters, float(out.getvalue().rpartition("Loss: ")[2].split()[0]), np.array(largest)


def carried_loss(parameters):
    """Mean loss of the names in the order of training, the hidden state carried from one to the next."""
    order, total, a = list(NAMES), 0.0, np.zeros_like(parameters["b"])
    np.random.seed(0)
    np.random.shuffle(order)
    for name in order:
        indices = [CHAR_TO_IX[char] for char in name]
        loss, (_, states, _) = rnn_forward([None, *indices], [*indices, 0], a, parameters)
        total, a = total + loss, states[-1][:, None]
    return total / len(order)


def main():
    """Print all of it."""
    print(f"blind guessing: {np.log(27) * np.mean([len(name) + 1 for name in NAMES]):.1f} nats a name")
    for n in range(1, 7):
        print(f"{n}-gram, the names it counted: {ngram_loss(NAMES, NAMES, n):.1f}")
    parameters, loss, largest = trained(NAMES)
    fired = f"above 5 in {(largest > 5).sum()} of {len(largest):,} steps, at most {largest.max():.1f}"
    print(f"training: last loss {loss:.2f}; {fired}")
    from_zeros = network_loss(parameters, NAMES, CHAR_TO_IX)
    print(f"network, from zeros: {from_zeros:.1f}; carried: {carried_loss(parameters):.1f}")
    _, loss, largest = trained(NAMES, bound=1000)
    print(f"without clipping: last loss {loss:.2f}, largest gradient {largest.max():.1f}")
    np.random.seed(0)
    each_once = np.random.permutation(sorted(set(NAMES)))
    held_out, learned = list(each_once[:150]), list(each_once[150:])
    for n in range(1, 7):
        losses = [ngram_loss(learned, names, n, start=0.1) for names in (learned, held_out)]
        seen = set(ngrams(learned, n))
        unseen = np.mean([gram not in seen for gram in ngrams(held_out, n)])
        print(f"{n}-gram, learned and held out: {losses[0]:.1f} {losses[1]:.1f}; never seen: {unseen:.0%}")
    parameters, _, _ = trained(learned)
    losses = [network_loss(parameters, names, CHAR_TO_IX) for names in (learned, held_out)]
    print(f"network, learned and held out: {losses[0]:.1f} {losses[1]:.1f}")


if __name__ == "__main__":
    main()
