"""The Shakespeare part: its solution, the trained weights, and the notebook from top to bottom.

`make shakespeare` runs all but the notebook once more with the oldest Keras that we allow, on PyTorch.
"""

import json
import math
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from utils import shakespeare
from utils.shakespeare import CHAR_INDICES, VOCABULARY, vectorization

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "source" / "shakespeare" / "shakespeare.ipynb"
SOLUTION = "\n\n".join(
    "".join(cell["source"])
    for cell in json.loads(SOURCE.read_text("utf-8"))["cells"]
    if cell["id"] in ("build_data", "sample", "generate_output")
)
solution = dict(vars(shakespeare))
exec(SOLUTION, solution)
build_data, sample, generate_output = (solution[name] for name in ("build_data", "sample", "generate_output"))
N_X = len(VOCABULARY)


@pytest.fixture(scope="module")
def text():
    return shakespeare.load_text()


def test_importing_it_loads_neither_keras_nor_data():
    code = "import sys, utils.shakespeare; print(sorted({'keras', 'jax', 'torch', 'tensorflow'} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_text_is_all_sonnets_in_the_models_characters(text):
    sonnets = text.rstrip("\n").split("\n\n")
    assert len(sonnets) == 154
    lines = {number: sonnet.count("\n") + 1 for number, sonnet in enumerate(sonnets, 1)}
    assert {number: count for number, count in lines.items() if count != 14} == {99: 15, 126: 12}
    assert set(text) == set(VOCABULARY)
    assert not any(line != line.strip() for line in text.splitlines())


def test_the_sonnets_held_out_are_the_last_14(text):
    training, held_out = shakespeare.split_text(text)
    assert training + held_out == text
    assert held_out.count("\n\n") == 13
    assert held_out.startswith("in faith i do not love thee with mine eyes")


@pytest.mark.parametrize(("length", "Tx", "stride"), [(500, 40, 3), (41, 40, 3), (40, 40, 3), (39, 40, 3), (100, 7, 5)])
def test_windows_are_counted_and_cut_as_documented(text, length, Tx, stride):
    part = text[:length]
    X, Y = build_data(part, Tx, stride)
    assert len(X) == len(Y) == max(0, math.ceil((length - Tx) / stride))
    for number, (window, following) in enumerate(zip(X, Y, strict=True)):
        assert window + following == part[number * stride : number * stride + Tx + 1]


def test_vectorization_agrees_with_a_loop(text):
    X, Y = build_data(text[:400])
    x, y = vectorization(X, Y, N_X, CHAR_INDICES)
    assert x.shape == (len(X), 40, N_X) and y.shape == (len(X), N_X)
    for m, (window, following) in enumerate(zip(X, Y, strict=True)):
        for t, char in enumerate(window):
            assert [VOCABULARY[i] for i in range(N_X) if x[m, t, i]] == [char]
        assert [VOCABULARY[i] for i in range(N_X) if y[m, i]] == [following]


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_the_sampler_draws_by_the_tempered_probabilities(temperature):
    preds = np.array([0.5, 0.25, 0.15, 0.1, 0.0])
    np.random.seed(5)
    draws = 20_000
    counts = np.bincount([sample(preds, temperature) for _ in range(draws)], minlength=5)
    expected = preds ** (1 / temperature)
    expected *= draws / expected.sum()
    assert counts[4] == 0
    chi_square = ((counts - expected)[:4] ** 2 / expected[:4]).sum()
    assert chi_square < 21.1  # 3 degrees of freedom: beyond it lies one in 10,000


def test_a_temperature_towards_zero_takes_the_likeliest():
    rng = np.random.default_rng(1)
    for _ in range(50):
        preds = rng.dirichlet(np.ones(N_X)).astype("float32")
        assert sample(preds, 1e-4) == preds.argmax()


@pytest.mark.parametrize("temperature", [0, -1, float("nan")])
def test_a_temperature_of_zero_or_below_is_refused(temperature):
    with pytest.raises(ValueError, match="above 0"):
        sample(np.array([0.5, 0.5]), temperature)


def test_a_temperature_next_to_nothing_is_no_trouble():
    assert sample(np.array([0.2, 0.5, 0.3]), temperature=1e-320) == 1


def test_a_prompt_keeps_what_the_model_knows():
    assert shakespeare.known_characters("Été – “Æ” 42 €\tO!") == "ete - 'ae'   o!"
    assert shakespeare.known_characters("Straße, Œuvre") == "strasse, oeuvre"
    assert shakespeare.known_characters("\n") == "\n"


def test_the_model_has_the_courses_architecture():
    model = shakespeare.build_model()
    layers = [(type(layer).__name__, getattr(layer, "units", None) or layer.rate) for layer in model.layers]
    assert layers == [("LSTM", 128), ("Dropout", 0.5), ("LSTM", 128), ("Dropout", 0.5), ("Dense", N_X)]
    assert model.input_shape == (None, 40, N_X) and model.output_shape == (None, N_X)


def test_the_weights_are_small_and_good_on_sonnets_that_they_never_saw():
    from datasets.train_shakespeare import held_out_loss

    assert (ROOT / "datasets" / "shakespeare.keras").stat().st_size < 3_000_000
    assert held_out_loss(shakespeare.load_pretrained()) < LARGEST_LOSS


LARGEST_LOSS = 1.75


def written(prompt, length, seed):
    np.random.seed(seed)
    return generate_output(prompt, length)


def test_a_poem_appears_as_it_is_drawn_and_repeats_with_its_seed(capsys):
    poem = written("Shall I", length=60, seed=3)
    assert poem.startswith("shall i") and len(poem) == 67
    assert set(poem) <= set(VOCABULARY)
    assert capsys.readouterr().out == poem + "\n"
    assert written("Shall I", length=60, seed=3) == poem
    assert written("Shall I", length=60, seed=4) != poem


@pytest.mark.parametrize("prompt", ["", "@#€", "O! " * 30])
def test_any_prompt_is_gone_on_from(prompt):
    poem = written(prompt, length=30, seed=1)
    assert len(poem) == len(shakespeare.known_characters(prompt)) + 30


def test_only_the_last_40_characters_of_a_prompt_matter():
    tail = "and summer's lease hath all too short a date"[-40:]
    long = written("rough winds do shake the darling buds of may,\n" + tail, length=40, seed=2)
    assert long[-40:] == written(tail, length=40, seed=2)[-40:]


def test_without_a_keyboard_a_poem_begins_by_itself():
    code = f"from utils.shakespeare import *\n{SOLUTION}\ngenerate_output(length=5)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.DEVNULL, capture_output=True,
                          text=True, check=True)  # fmt: skip
    assert "shall i compare thee to a summer's day?" in done.stdout


def test_400_characters_take_two_seconds():
    if shakespeare._keras().backend.backend() != "jax":
        pytest.skip("promised for JAX, the default")
    written("o", length=1, seed=1)
    start = time.monotonic()
    written("o", length=400, seed=1)
    assert time.monotonic() - start < 2


def test_what_the_model_expects_adds_up():
    rows = shakespeare.expectations("to be")
    assert rows.shape == (6, N_X)
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-5)
    preds = shakespeare.predict("to be")
    assert preds.shape == (N_X,)
    np.testing.assert_allclose(rows[-1], preds, rtol=1e-4, atol=1e-6)


@pytest.mark.notebook
def test_the_solved_notebook_runs_from_top_to_bottom(tmp_path):
    import nbclient
    import nbformat

    shutil.copytree(ROOT / "release" / "shakespeare", tmp_path / "shakespeare")
    notebook = nbformat.read(SOURCE, as_version=4)
    client = nbclient.NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": str(tmp_path / "shakespeare")}}
    )
    start = time.monotonic()
    client.execute()
    assert time.monotonic() - start < 180
    printed = "".join(
        output.get("text", "") for cell in notebook.cells for output in cell.get("outputs", []) if "text" in output
    )
    assert "generate_output passes its 4 tests." in printed
    assert "After epoch 1, loss" in printed
    assert "On sonnets it never saw: 1." in printed
    assert "temperature 1.5" in printed
    pictures = [
        output for cell in notebook.cells for output in cell.get("outputs", []) if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == 2
