"""A character-level recurrent network in NumPy: forward, backward, update."""

from __future__ import annotations

import numpy as np


def softmax(x):
    e = np.exp(x - x.max(axis=0))
    return e / e.sum(axis=0)


def smooth(loss, cur_loss):
    return loss * 0.999 + cur_loss * 0.001


def print_sample(sample_ix, ix_to_char):
    print("".join(ix_to_char[int(i)] for i in sample_ix).strip().capitalize())


def get_initial_loss(vocab_size, seq_length):
    return -np.log(1.0 / vocab_size) * seq_length


def initialize_parameters(n_a, n_x, n_y):
    np.random.seed(1)
    Wax = np.random.randn(n_a, n_x) * 0.01
    Waa = np.random.randn(n_a, n_a) * 0.01
    Wya = np.random.randn(n_y, n_a) * 0.01
    return {"Wax": Wax, "Waa": Waa, "Wya": Wya, "b": np.zeros((n_a, 1)), "by": np.zeros((n_y, 1))}


def rnn_forward(X, Y, a0, parameters, vocab_size=27):
    Wax, Waa, Wya, b, by = (parameters[k] for k in ("Wax", "Waa", "Wya", "b", "by"))
    T = len(X)
    a = np.empty((T, len(b), 1))
    prev = a0
    for t in range(T):
        z = Waa @ prev + b
        if X[t] is not None:
            z += Wax[:, X[t]:X[t] + 1]
        prev = a[t] = np.tanh(z)
    y = softmax(Wya @ a[:, :, 0].T + by)
    return -np.log(y[Y, np.arange(T)]).sum(), (y, a, a0)


def rnn_backward(X, Y, parameters, cache):
    y, a, a0 = cache
    Wax, Waa, Wya = (parameters[k] for k in ("Wax", "Waa", "Wya"))
    T = len(X)
    dy = y.copy()
    dy[Y, np.arange(T)] -= 1
    da = Wya.T @ dy
    dz = np.empty((len(Waa), T))
    nxt = np.zeros(len(Waa))
    for t in reversed(range(T)):
        dz[:, t] = (da[:, t] + nxt) * (1 - a[t, :, 0] ** 2)
        nxt = Waa.T @ dz[:, t]
    prev = np.concatenate([a0[None], a[:-1]])[:, :, 0]
    dWax = np.zeros_like(Wax)
    for t in range(T):
        if X[t] is not None:
            dWax[:, X[t]] += dz[:, t]
    return {"dWax": dWax, "dWaa": dz @ prev, "dWya": dy @ a[:, :, 0], "db": dz.sum(1, keepdims=True),
            "dby": dy.sum(1, keepdims=True), "da_next": nxt[:, None]}, a


def update_parameters(parameters, gradients, lr):
    for k in parameters:
        parameters[k] += -lr * gradients["d" + k]
    return parameters
