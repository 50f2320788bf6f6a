"""模型對名字懂多少，以每個名字的奈特計：一個數字元的模型，以及網路。

    ngram_loss(names, names, 3)                     a trigram model on the names that it learned from
    network_loss(parameters, names, char_to_ix)     the network on the same names

奈特是自然對數的單位。每個名字後面都有一個換行字元，也算名字的一個字元。
"""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from .rnn import rnn_forward


def ngram_loss(learned: Sequence[str], asked: Sequence[str], n: int, start: float = 0.0, vocab_size: int = 27) -> float:
    """名字 `asked` 的平均損失；模型在 `learned` 裡數過每 n - 1 個字元後面接的是哪個字元。

    start -- 每個計數從多少開始；如果是 0，從沒出現過的東西代價無限大
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
    """每個名字的每個字元，連同前面的 n - 1 個；名字之前有 n - 1 個換行字元。"""
    padded = ["\n" * (n - 1) + name + "\n" for name in names]
    return [name[end - n : end] for name in padded for end in range(n, len(name) + 1)]


def network_loss(parameters: dict[str, np.ndarray], names: Sequence[str], char_to_ix: Mapping[str, int]) -> float:
    """網路對名字的平均損失，每個名字都從零的隱藏狀態讀起。"""
    zeros, total = np.zeros_like(parameters["b"]), 0.0
    for name in names:
        indices = [char_to_ix[char] for char in name]
        total += rnn_forward([None, *indices], [*indices, char_to_ix["\n"]], zeros, parameters)[0]
    return total / len(names)
