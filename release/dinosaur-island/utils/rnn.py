"""A character-level recurrent network in NumPy, forwards and backwards through time.

    a<t> = tanh(Wax x<t> + Waa a<t-1> + b)        hidden state
    y<t> = softmax(Wya a<t> + by)                 probability of each next character

Sizes: n_x and n_y characters go in and come out, n_a hidden units, T time steps. In the arrays that hold all
time steps, row t belongs to step t; so each product but the one with Waa is made once for the whole name.
np.dot and .dot stand where @ would do: on arrays this small they take about half its time.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

Arrays = dict[str, np.ndarray]
Cache = tuple[np.ndarray, np.ndarray, np.ndarray]


def softmax(x: np.ndarray) -> np.ndarray:
    """Turn each column of scores into probabilities, which sum to 1."""
    e = np.exp(x - x.max(axis=0))  # shifted, so that large scores do not overflow
    return e / e.sum(axis=0)


def smooth(loss: float, cur_loss: float) -> float:
    """The running average of the losses, `loss`, after one more of them, `cur_loss`."""
    return loss * 0.999 + cur_loss * 0.001


def print_sample(sample_ix: Iterable[int], ix_to_char: Mapping[int, str]) -> None:
    """Print the name with these indices on a line of its own, its first letter a capital."""
    print("".join(ix_to_char[ix] for ix in sample_ix).strip().capitalize())


def get_initial_loss(vocab_size: int, seq_length: int) -> float:
    """The loss of `seq_length` guesses among `vocab_size` characters, all equally likely."""
    return -np.log(1.0 / vocab_size) * seq_length


def initialize_parameters(n_a: int, n_x: int, n_y: int) -> Arrays:
    """Small random weights, always the same, and zero biases.

    Wax (n_a, n_x), Waa (n_a, n_a), Wya (n_y, n_a), b (n_a, 1), by (n_y, 1).
    """
    np.random.seed(1)
    return {
        "Wax": np.random.randn(n_a, n_x) * 0.01,
        "Waa": np.random.randn(n_a, n_a) * 0.01,
        "Wya": np.random.randn(n_y, n_a) * 0.01,
        "b": np.zeros((n_a, 1)),
        "by": np.zeros((n_y, 1)),
    }


def rnn_forward(
    X: Sequence[int | None], Y: Sequence[int], a0: np.ndarray, parameters: Arrays, vocab_size: int = 27
) -> tuple[float, Cache]:
    """Read one name: its loss, and what `rnn_backward` needs.

    X -- T indices, one input character each; None stands for the vector of zeros
    Y -- T indices, the character that should come out at each step
    a0 -- hidden state before the first step, (n_a, 1)
    vocab_size -- not used: the sizes are those of the parameters

    The loss is the cross-entropy, -log y<t>[Y[t]], summed over the steps.
    Raises ValueError if X and Y differ in length, if Y holds a None, or if a0 is not one hidden state.
    """
    Wax, Waa, Wya, b, by = (parameters[name] for name in ("Wax", "Waa", "Wya", "b", "by"))
    if len(X) != len(Y):
        raise ValueError(f"X has {len(X)} entries and Y has {len(Y)}: each input needs one target")
    if None in Y:
        raise ValueError("Y has a None in it: only an input can be the vector of zeros")
    if np.shape(a0) != b.shape:
        raise ValueError(f"a0 has the shape {np.shape(a0)}; one hidden state has the shape {b.shape}")

    x = one_hot(X, Wax.shape[1])
    a = np.empty((len(X) + 1, len(b)))  # one row more: the first is a0
    a[0] = a0[:, 0]
    a[1:] = np.dot(x, Wax.T) + b[:, 0]
    for before, now in pairwise(a):
        now += Waa.dot(before)
        np.tanh(now, now)
    scores = np.dot(a[1:], Wya.T) + by[:, 0]
    y = softmax(scores.T).T
    return -np.log(y[np.arange(len(Y)), Y]).sum(), (x, a, y)


def rnn_backward(
    X: Sequence[int | None], Y: Sequence[int], parameters: Arrays, cache: Cache
) -> tuple[Arrays, np.ndarray]:
    """Go back through the name: the gradients of its loss, and its hidden states.

    X, Y, parameters -- as for `rnn_forward`; cache -- what it returned

    The gradients dWax, dWaa, dWya, db, dby have the shapes of the parameters; da_next, (n_a, 1), is that of a0.
    The hidden states have the shape (T, n_a, 1): the last one is a[len(X) - 1].
    """
    Waa, Wya = parameters["Waa"], parameters["Wya"]
    x, a, y = cache
    dy = y - one_hot(Y, len(Wya))  # of the scores that go into softmax
    dz = np.dot(dy, Wya)  # of a<t>, by way of y<t>; the loop makes it that of what goes into tanh
    slope = 1 - a[1:] ** 2
    da_next = np.zeros(len(Waa))
    for dz_t, slope_t in zip(dz[::-1], slope[::-1], strict=True):
        dz_t += da_next
        dz_t *= slope_t
        da_next = dz_t.dot(Waa)
    gradients = {
        "dWax": np.dot(dz.T, x),
        "dWaa": np.dot(dz.T, a[:-1]),
        "dWya": np.dot(dy.T, a[1:]),
        "db": dz.sum(axis=0)[:, None],
        "dby": dy.sum(axis=0)[:, None],
        "da_next": da_next[:, None],
    }
    return gradients, a[1:, :, None]


def update_parameters(parameters: Arrays, gradients: Arrays, lr: float) -> Arrays:
    """Take one step of gradient descent, in place: each parameter minus `lr` times its gradient."""
    for name in ("Wax", "Waa", "Wya", "b", "by"):
        parameters[name] -= lr * gradients["d" + name]
    return parameters


def one_hot(indices: Sequence[int | None], size: int) -> np.ndarray:
    """One row per index, (T, size): 1 at that index, else 0; a row for None is all zeros."""
    rows = np.zeros((len(indices), size))
    for row, ix in enumerate(indices):
        if ix is not None:
            rows[row, ix] = 1
    return rows
