"""How well a model knows names, in nats a name: one that counts characters, and the network.

    ngram_loss(names, names, 3)                     a trigram model on the names that it learned from
    network_loss(parameters, names, char_to_ix)     the network on the same names

A nat is the unit of the natural logarithm. Each name is followed by a newline, which counts as one of its characters.
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from .rnn import rnn_forward


def ngram_loss(learned: Sequence[str], asked: Sequence[str], n: int, start: float = 0.0, vocab_size: int = 27) -> float:
    """Mean loss of the names `asked` under a model that counts in `learned` which character follows which n - 1.

    start -- what every count starts from; with 0, one that never occurred costs infinitely much
    """
    follows, before = Counter[str](), Counter[str]()
    for gram in ngrams(learned, n):
        follows[gram] += 1
        before[gram[:-1]] += 1
    counts = np.array([(follows[gram], before[gram[:-1]]) for gram in ngrams(asked, n)])
    p = (counts[:, 0] + start) / np.maximum(counts[:, 1] + start * vocab_size, 1e-9)
    with np.errstate(divide="ignore"):
        return float(-np.log(p).sum() / len(asked))


def ngrams(names: Sequence[str], n: int) -> list[str]:
    """Each character of each name, with the n - 1 before it; n - 1 newlines stand before a name."""
    padded = ["\n" * (n - 1) + name + "\n" for name in names]
    return [name[end - n : end] for name in padded for end in range(n, len(name) + 1)]


def network_loss(parameters: dict[str, np.ndarray], names: Sequence[str], char_to_ix: Mapping[str, int]) -> float:
    """Mean loss of names under the network, which reads each from a hidden state of zeros."""
    zeros, total = np.zeros_like(parameters["b"]), 0.0
    for name in names:
        indices = [char_to_ix[char] for char in name]
        total += rnn_forward([None, *indices], [*indices, char_to_ix["\n"]], zeros, parameters)[0]
    return total / len(names)
