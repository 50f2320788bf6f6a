"""用 NumPy 寫的字元層級循環網路，沿著時間前向和反向。

    a<t> = tanh(Wax x<t> + Waa a<t-1> + b)        hidden state
    y<t> = softmax(Wya a<t> + by)                 probability of each next character

大小：n_x 個字元進，n_y 個字元出，n_a 個隱藏單元，T 個時間步。在存放所有時間步的陣列裡，第 t 列屬於第 t 步，所以除了 Waa 的乘積之外，每個乘積都對整個名字只算一次。能用 @ 的地方用了 np.dot 和 .dot：陣列這麼小時，它們只需要大約一半的時間。
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import numpy as np

Arrays = dict[str, np.ndarray]
Cache = tuple[np.ndarray, np.ndarray, np.ndarray]


def softmax(x: np.ndarray) -> np.ndarray:
    """把每一欄分數變成總和為 1 的機率。"""
    e = np.exp(x - x.max(axis=0))  # 先平移，讓大的分數不會溢位
    return e / e.sum(axis=0)


def smooth(loss: float, cur_loss: float) -> float:
    """損失的移動平均 `loss`，再算進一個損失 `cur_loss` 之後的值。"""
    return loss * 0.999 + cur_loss * 0.001


def print_sample(sample_ix: Iterable[int], ix_to_char: Mapping[int, str]) -> None:
    """把這些索引所代表的名字單獨印在一行，第一個字母大寫。"""
    print("".join(ix_to_char[ix] for ix in sample_ix).strip().capitalize())


def get_initial_loss(vocab_size: int, seq_length: int) -> float:
    """在 `vocab_size` 個同樣可能的字元裡猜 `seq_length` 次的損失。"""
    return -np.log(1.0 / vocab_size) * seq_length


def initialize_parameters(n_a: int, n_x: int, n_y: int) -> Arrays:
    """小的隨機權重，每次都相同，偏置為零。

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
    """讀一個名字：它的損失，以及 `rnn_backward` 需要的東西。

    X -- T 個索引，每個是一個輸入字元；None 代表零向量
    Y -- T 個索引，每一步該輸出的字元
    a0 -- 第一步之前的隱藏狀態，(n_a, 1)
    vocab_size -- 沒有用到：大小取自參數

    損失是交叉熵 -log y<t>[Y[t]]，對各步加總。如果 X 和 Y 不等長、Y 裡有 None，或者 a0 不是一個隱藏狀態，則引發 ValueError。
    """
    Wax, Waa, Wya, b, by = (parameters[name] for name in ("Wax", "Waa", "Wya", "b", "by"))
    if len(X) != len(Y):
        raise ValueError(f"X 有 {len(X)} 個元素，Y 有 {len(Y)} 個：每個輸入都需要一個目標")
    if None in Y:
        raise ValueError("Y 裡有 None：只有輸入可以是零向量")
    if np.shape(a0) != b.shape:
        raise ValueError(f"a0 的形狀是 {np.shape(a0)}；一個隱藏狀態的形狀是 {b.shape}")

    x = one_hot(X, Wax.shape[1])
    a = np.empty((len(X) + 1, len(b)))  # 多一列：第一列是 a0
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
    """沿著名字往回走：損失的梯度，以及各個隱藏狀態。

    X, Y, parameters -- 和 `rnn_forward` 的相同；cache -- 它傳回的東西

    梯度 dWax、dWaa、dWya、db、dby 的形狀和參數相同；da_next (n_a, 1) 是 a0 的梯度。隱藏狀態的形狀是 (T, n_a, 1)：最後一個是 a[len(X) - 1]。
    """
    Waa, Wya = parameters["Waa"], parameters["Wya"]
    x, a, y = cache
    dy = y - one_hot(Y, len(Wya))  # 進入 softmax 的分數的
    dz = np.dot(dy, Wya)  # a<t> 的，經由 y<t>；迴圈把它變成進入 tanh 的值的
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
    """就地做一步梯度下降：每個參數減去 `lr` 乘以它的梯度。"""
    for name in ("Wax", "Waa", "Wya", "b", "by"):
        parameters[name] -= lr * gradients["d" + name]
    return parameters


def one_hot(indices: Sequence[int | None], size: int) -> np.ndarray:
    """每個索引一列，(T, size)：索引處是 1，其餘是 0；None 的那一列全是零。"""
    rows = np.zeros((len(indices), size))
    for row, ix in enumerate(indices):
        if ix is not None:
            rows[row, ix] = 1
    return rows
