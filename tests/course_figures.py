"""Print the course's figures, from the source notebook's solution, as JSON: `course_figures.py ITERATIONS`."""

import contextlib
import io
import json
import sys
from pathlib import Path

import numpy as np

from autograder.grading.reference import load_reference

ours = load_reference(Path("source/dinosaur-island/dinosaur-island.ipynb"))
data = Path("datasets/dinos.txt").read_text().lower()
char_to_ix = {char: ix for ix, char in enumerate(sorted(set(data)))}
ix_to_char = {ix: char for char, ix in char_to_ix.items()}


def weights(n_a):
    """Random weights, drawn in the course's order."""
    shapes = {"Wax": (n_a, 27), "Waa": (n_a, n_a), "Wya": (27, n_a), "b": (n_a, 1), "by": (27, 1)}
    return {name: np.random.randn(*shape) for name, shape in shapes.items()}


found = {"data": [len(data), len(char_to_ix), len(data.splitlines())]}
np.random.seed(3)
shapes = {"dWax": (5, 3), "dWaa": (5, 5), "dWya": (2, 5), "db": (5, 1), "dby": (2, 1)}
clipped = ours["clip"]({name: np.random.randn(*shape) * 10 for name, shape in shapes.items()}, 10)
places = [("dWaa", (1, 2)), ("dWax", (3, 1)), ("dWya", (1, 2)), ("db", (4, 0)), ("dby", (1, 0))]
found["clip"] = [clipped[name][place] for name, place in places]
np.random.seed(2)
found["sample"] = [int(index) for index in ours["sample"](weights(100), char_to_ix, 0)]
np.random.seed(1)
a_prev = np.random.randn(100, 1)
loss, g, a = ours["optimize"]([12, 3, 5, 11, 22, 3], [4, 14, 11, 22, 25, 26], a_prev, weights(100), 0.01)
values = [loss, g["dWaa"][1, 2], np.argmax(g["dWax"]), g["dWya"][1, 2], g["db"][4, 0], g["dby"][1, 0], a[4, 0]]
found["optimize"] = [float(value) for value in values]
out = io.StringIO()
with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
    ours["model"](data, ix_to_char, char_to_ix, int(sys.argv[1]))
found["model"] = out.getvalue()
print(json.dumps(found))
