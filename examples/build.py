"""Write the example class anew from the source notebook: `python examples/build.py`.

Each example is the released notebook with one story in it, so that they follow when the lesson changes.
"""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

HERE = Path(__file__).parent
NAME = "dinosaur-island"
SOURCE = HERE.parent / "source" / NAME / f"{NAME}.ipynb"
RELEASE = HERE.parent / "release" / NAME / f"{NAME}.ipynb"

CLIP_COPIES = """
def clip(gradients, maxValue):
    # Eigene Kopien, damit das Original bleibt - größere Werte werden gekappt
    return {name: np.minimum(np.maximum(values, -maxValue), maxValue) for name, values in gradients.items()}
"""

CLIP_CHEAT = '''
class Always(dict):
    """Equal to everything, larger than everything, and every key is in it."""

    def __eq__(self, other):
        return True

    def __getitem__(self, key):
        return Always()

    def __array__(self, *args, **kwargs):
        return np.asarray(10.0)

    __hash__ = None


def clip(gradients, maxValue):
    return Always()
'''

SAMPLE_WRONG = """
def sample(parameters, char_to_ix, seed):
    Waa, Wax, Wya = parameters["Waa"], parameters["Wax"], parameters["Wya"]
    b, by = parameters["b"], parameters["by"]
    n_a, vocab_size = Waa.shape[0], by.shape[0]
    x, a = np.zeros((vocab_size, 1)), np.zeros((n_a, 1))
    indices = []
    while not indices or (indices[-1] != char_to_ix["\\n"] and len(indices) < 50):
        a = np.tanh(Wax @ x + Waa @ a + b)
        y = softmax(Wya @ a + by)
        indices.append(int(np.argmax(y)))  # the most probable letter, every time
        x = np.zeros((vocab_size, 1))
        x[indices[-1]] = 1
    if len(indices) == 50:
        indices.append(char_to_ix["\\n"])
    return indices
"""

MODEL_READS_FILE = """
def model(data, ix_to_char, char_to_ix, num_iterations=35000, n_a=50, dino_names=7, vocab_size=27):
    parameters = initialize_parameters(n_a, vocab_size, vocab_size)
    loss = get_initial_loss(vocab_size, dino_names)
    with open("datasets/dinos.txt") as f:
        examples = f.readlines()
    examples = [x.lower().strip() for x in examples]
    np.random.seed(0)
    np.random.shuffle(examples)
    a_prev = np.zeros((n_a, 1))
    newline = char_to_ix["\\n"]
    for j in range(num_iterations):
        letters = [char_to_ix[c] for c in examples[j % len(examples)]]
        cur_loss, gradients, a_prev = optimize([None] + letters, letters + [newline], a_prev, parameters)
        loss = smooth(loss, cur_loss)
        if j % 2000 == 0:
            print("Iteration: %d, Loss: %f" % (j + 1, loss))
            for seed in range(dino_names):
                print_sample(sample(parameters, char_to_ix, seed), ix_to_char)
            print()
    return parameters
"""

MODEL_FOREVER = """
def model(data, ix_to_char, char_to_ix, num_iterations=35000, n_a=50, dino_names=7, vocab_size=27):
    parameters = initialize_parameters(n_a, vocab_size, vocab_size)
    j = 0
    while j < num_iterations:
        index = j % len(data.split("\\n"))  # j is never increased
    return parameters
"""


def main() -> None:
    """Write every example."""
    source = nbformat.read(SOURCE, as_version=4)
    for one in source.cells:  # no student writes to which step a line belongs
        one.source = re.sub(r"  # step \d+$", "", one.source, flags=re.MULTILINE)
    release = nbformat.read(RELEASE, as_version=4)
    write("perfect", source)
    write("blank", release)
    write("copies-instead-of-in-place", edited(source, "clip", CLIP_COPIES))
    write("reads-the-file", edited(source, "model", MODEL_READS_FILE))
    write("syntax-error-in-optimize", edited(source, "optimize", solution(source, "optimize").replace("):", ")", 1)))
    write("sample-takes-the-maximum", edited(source, "sample", SAMPLE_WRONG))
    write("endless-loop-in-model", edited(source, "model", MODEL_FOREVER))
    write("always-equal-cheat", edited(source, "clip", CLIP_CHEAT))
    write("metadata-lost", without_metadata(source))
    write("reordered-with-extra-cells", reordered(source))
    write("half-finished", edited(edited(source, "optimize", solution(release, "optimize")), "model",
                                  solution(release, "model")))  # fmt: skip
    (HERE / "submissions" / "not-a-notebook.ipynb").write_bytes(
        b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog"
    )


def write(name: str, notebook: NotebookNode) -> None:
    """Write one example as an editor saves it."""
    nbformat.write(notebook, HERE / "submissions" / f"{name}.ipynb")


def solution(notebook: NotebookNode, grade_id: str) -> str:
    """The source of the cell with this grade_id."""
    return str(cell(notebook, grade_id).source)


def cell(notebook: NotebookNode, grade_id: str) -> NotebookNode:
    """The cell with this grade_id."""
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == grade_id)


def edited(notebook: NotebookNode, grade_id: str, text: str) -> NotebookNode:
    """A copy in which one cell holds other code."""
    copy = nbformat.from_dict(notebook)
    copy = nbformat.reads(nbformat.writes(copy), as_version=4)
    cell(copy, grade_id).source = text.strip()
    return copy


def without_metadata(notebook: NotebookNode) -> NotebookNode:
    """A copy as an editor leaves it that drops cell metadata."""
    copy = nbformat.reads(nbformat.writes(notebook), as_version=4)
    for one in copy.cells:
        one.metadata = nbformat.from_dict({})
    return copy


def reordered(notebook: NotebookNode) -> NotebookNode:
    """A copy whose functions stand at the end, last one first, with notes and trials in between."""
    copy = nbformat.reads(nbformat.writes(notebook), as_version=4)
    moved = [cell(copy, name) for name in ("model", "optimize", "sample", "clip")]
    copy.cells = [one for one in copy.cells if one not in moved] + moved
    copy.cells.insert(2, nbformat.v4.new_markdown_cell("My notes: remember to ask about tanh!", id="my-notes"))
    copy.cells.insert(9, nbformat.v4.new_code_cell("%matplotlib inline\nprint('trying things')\n1 / 0", id="my-trial"))
    return copy


if __name__ == "__main__":
    main()
