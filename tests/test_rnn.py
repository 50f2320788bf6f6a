"""The network that the notebook gives to students: its values, its gradients, its public names."""

import subprocess
import sys

import numpy as np
import pytest

import utils
from utils import (
    get_initial_loss,
    initialize_parameters,
    print_sample,
    rnn_backward,
    rnn_forward,
    smooth,
    softmax,
    update_parameters,
)

NAMES = ("Wax", "Waa", "Wya", "b", "by")


def network(rng, n_a=7, vocab_size=5):
    shapes = {
        "Wax": (n_a, vocab_size),
        "Waa": (n_a, n_a),
        "Wya": (vocab_size, n_a),
        "b": (n_a, 1),
        "by": (vocab_size, 1),
    }
    return {name: rng.normal(size=shape) / 2 for name, shape in shapes.items()}


def test_worked_example_of_optimize():
    np.random.seed(1)
    a0 = np.random.randn(100, 1)
    shapes = {"Wax": (100, 27), "Waa": (100, 100), "Wya": (27, 100), "b": (100, 1), "by": (27, 1)}
    p = {name: np.random.randn(*shape) for name, shape in shapes.items()}
    X, Y = [12, 3, 5, 11, 22, 3], [4, 14, 11, 22, 25, 26]
    loss, cache = rnn_forward(X, Y, a0, p)
    gradients, a = rnn_backward(X, Y, p, cache)
    assert np.isclose(loss, 126.50397572165362, rtol=1e-12)
    assert np.isclose(gradients["dWaa"][1, 2], 0.19470931534720892, rtol=1e-9)
    assert np.isclose(gradients["dWya"][1, 2], -0.007773876032003782, rtol=1e-9)
    assert np.isclose(gradients["db"][4, 0], -0.06809825, atol=1e-8)
    assert np.isclose(gradients["dby"][1, 0], 0.01538192, atol=1e-8)
    assert np.isclose(a[len(X) - 1][4, 0], -1)


def textbook(X, Y, a, p):
    """The loss and the hidden states, one time step at a time, with one-hot vectors."""
    loss, states = 0.0, []
    for ix, target in zip(X, Y, strict=True):
        x = np.zeros((p["Wax"].shape[1], 1))
        if ix is not None:
            x[ix] = 1
        a = np.tanh(p["Wax"] @ x + p["Waa"] @ a + p["b"])
        z = p["Wya"] @ a + p["by"]
        loss -= np.log((np.exp(z) / np.exp(z).sum())[target, 0])
        states.append(a)
    return loss, states


def test_star_import_gives_the_documented_names_and_does_nothing_else():
    code = (
        "import sys; before = set(globals()); from utils import *; names = set(globals()) - before - {'before'}; "
        "assert 'matplotlib' not in sys.modules; print(sorted(names))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == str(sorted(utils.__all__))
    assert run.stderr == ""
    assert len(utils.__all__) == 8


@pytest.mark.parametrize("seed", range(10))
def test_forward_is_the_textbooks(seed):
    rng = np.random.default_rng(seed)
    n_a, vocab_size, length = rng.integers(1, 12, size=3)
    p, a0 = network(rng, n_a, vocab_size), rng.normal(size=(n_a, 1))
    X = [None if rng.random() < 0.2 else int(ix) for ix in rng.integers(vocab_size, size=length)]
    Y = rng.integers(vocab_size, size=length).tolist()
    loss, cache = rnn_forward(X, Y, a0, p)
    _, a = rnn_backward(X, Y, p, cache)
    expected, states = textbook(X, Y, a0, p)
    assert np.isclose(loss, expected, rtol=1e-12)
    np.testing.assert_allclose(a, states, rtol=1e-12)
    assert a[len(X) - 1].shape == (n_a, 1)


@pytest.mark.parametrize("name", [*NAMES, "a0"])
def test_gradients_agree_with_finite_differences(name):
    rng = np.random.default_rng(3)
    p, a0 = network(rng), rng.normal(size=(7, 1))
    X, Y = [None, 2, 4, 2, 0], [2, 4, 2, 0, 1]
    _, cache = rnn_forward(X, Y, a0, p)
    gradients, _ = rnn_backward(X, Y, p, cache)
    array = a0 if name == "a0" else p[name]
    gradient = gradients["da_next" if name == "a0" else f"d{name}"]
    assert gradient.shape == array.shape
    for index in np.ndindex(array.shape):
        old, losses = array[index], []
        for step in (1e-6, -1e-6):
            array[index] = old + step
            losses.append(rnn_forward(X, Y, a0, p)[0])
        array[index] = old
        assert np.isclose(gradient[index], (losses[0] - losses[1]) / 2e-6, atol=1e-7)


def test_update_changes_the_arrays_in_place():
    p = initialize_parameters(4, 3, 3)
    before = {name: array.copy() for name, array in p.items()}
    arrays = dict(p)
    back = update_parameters(p, {f"d{name}": np.ones_like(array) for name, array in p.items()}, 0.1)
    for name in NAMES:
        assert back[name] is arrays[name]
        np.testing.assert_allclose(arrays[name], before[name] - 0.1)


def test_softmax_sums_to_one_and_does_not_overflow():
    p = softmax(np.array([[1000.0], [1000.0], [-1000.0]]))
    np.testing.assert_allclose(p, [[0.5], [0.5], [0.0]])


@pytest.mark.parametrize(
    ("X", "Y", "shape", "message"),
    [
        ([None, 1], [1], (7, 1), "X has 2 entries and Y has 1"),
        ([1, 2], [None, 1], (7, 1), "Y has a None"),
        ([None, 1], [1, 2], (2, 7, 1), r"a0 has the shape \(2, 7, 1\)"),
        ([None, 1], [1, 2], (7,), r"a0 has the shape \(7,\)"),
    ],
)
def test_wrong_arguments_are_explained(X, Y, shape, message):
    with pytest.raises(ValueError, match=message):
        rnn_forward(X, Y, np.zeros(shape), network(np.random.default_rng(0)))


def test_small_helpers(capsys):
    assert get_initial_loss(27, 7) == pytest.approx(23.070858062030304)
    assert smooth(10, 20) == pytest.approx(10.01)
    print_sample([1, 2, 0], {0: "\n", 1: "a", 2: "b"})
    assert capsys.readouterr().out == "Ab\n"
