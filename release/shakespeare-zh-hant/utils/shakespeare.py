"""用兩層 Keras LSTM 逐字元續寫十四行詩：它的資料，以及它預期什麼。

匯入這個模組不會載入資料，也不會載入 Keras：用到函式時才載入。Keras 3 使用 KERAS_BACKEND 指定的後端；沒有指定時，使用 JAX、TensorFlow 和 PyTorch 之中第一個已安裝的。需要 extra `shakespeare`。
"""

from __future__ import annotations

import importlib.util
import os
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

DATASETS = Path(__file__).resolve().parent.parent / "datasets"
VOCABULARY = "\n !'(),-.:;?abcdefghijklmnopqrstuvwxyz"
CHAR_INDICES = {char: index for index, char in enumerate(VOCABULARY)}
TX = 40  # 一個視窗的字元數
UNITS, DROPOUT = 128, 0.5
HELD_OUT = 14  # 最後幾首十四行詩：datasets/ 裡的權重從沒見過它們
DEFAULT_PROMPT = "Shall I compare thee to a summer's day?\n"


def load_text() -> str:
    """小寫的《十四行詩》：每行以換行字元結束，兩首之間有一個空行。"""
    return (DATASETS / "shakespeare.txt").read_text("utf-8").lower()


def split_text(text: str) -> tuple[str, str]:
    """訓練用的部分，以及最後 14 首，用來衡量。"""
    sonnets = text.split("\n\n")
    return "\n\n".join(sonnets[:-HELD_OUT]) + "\n\n", "\n\n".join(sonnets[-HELD_OUT:])


def vectorization(
    X: Sequence[str], Y: Sequence[str], n_x: int, char_indices: Mapping[str, int], Tx: int = TX
) -> tuple[np.ndarray, np.ndarray]:
    """獨熱視窗，形狀為 (m, Tx, n_x)，以及下一個字元，形狀為 (m, n_x)，兩者都是 bool。"""
    index = np.array([[char_indices[char] for char in window] for window in X], dtype=int).reshape(len(X), Tx)
    next_index = np.array([char_indices[char] for char in Y], dtype=int)
    one_hot = np.eye(n_x, dtype=bool)
    return one_hot[index], one_hot[next_index]


def build_model(
    n_x: int = len(VOCABULARY), Tx: int = TX, every_position: bool = False, dropout: float = DROPOUT
) -> Any:
    """兩層 128 個單元的 LSTM，各接 dropout，再接帶 softmax 的全連接層：一個還沒有編譯的 keras.Model。

    它把獨熱視窗 (m, Tx, n_x) 變成下一個字元的機率 (m, n_x)；指定 `every_position` 時，變成視窗裡每個字元之後的機率 (m, Tx, n_x)。兩者的權重相同。
    """
    keras = _keras()
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((Tx, n_x)),
            layers.LSTM(UNITS, return_sequences=True),
            layers.Dropout(dropout),
            layers.LSTM(UNITS, return_sequences=every_position),
            layers.Dropout(dropout),
            layers.Dense(n_x, activation="softmax"),
        ]
    )


@lru_cache(maxsize=1)
def load_pretrained() -> Any:
    """訓練好的模型，已編譯，可以再訓練。每次都是同一個：`predict` 會問它。"""
    model = build_model()
    model.load_weights(DATASETS / "shakespeare.keras")
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    return model


def predict(text: str) -> np.ndarray:
    """模型對文字下一個字元的機率，形狀為 (38,)，float32。它讀最後 40 個字元。"""
    return np.asarray(load_pretrained().predict_on_batch(_window(text))[0])


def expectations(text: str) -> np.ndarray:
    """模型在文字的每個字元之前，以及最後一個字元之後的機率：(len(text) + 1, 38)。"""
    windows = np.concatenate([_window(text[:end]) for end in range(len(text) + 1)])
    probabilities: np.ndarray = load_pretrained().predict(windows, verbose=0)
    return probabilities


def known_characters(prompt: str) -> str:
    """把開頭換成模型認得的字元：小寫、一般的引號和破折號、沒有重音符號，其他的都去掉。"""
    plain = prompt.translate(str.maketrans("‘’“”–—\t", "''''-- ")).casefold().replace("æ", "ae").replace("œ", "oe")
    return "".join(char for char in unicodedata.normalize("NFKD", plain) if char in CHAR_INDICES)


def ask_for_prompt() -> str:
    """使用者輸入的詩的開頭；沒有鍵盤時是 `DEFAULT_PROMPT`。"""
    try:
        return input("你的詩怎麼開頭？")
    except Exception as error:  # IPython 的有自己的型別
        if not isinstance(error, EOFError | OSError) and type(error).__name__ != "StdinNotImplementedError":
            raise
        return DEFAULT_PROMPT


def _window(text: str) -> np.ndarray:
    """最後 40 個字元，獨熱，形狀為 (1, 40, 38)；不足時左邊補零向量。"""
    window = np.zeros((1, TX, len(VOCABULARY)), dtype="float32")
    end = text[-TX:]
    for position, char in enumerate(end, start=TX - len(end)):
        window[0, position, CHAR_INDICES[char]] = 1
    return window


def _keras() -> Any:
    # Keras 自己會選 TensorFlow，不管有沒有安裝
    installed = [name for name in ("jax", "tensorflow", "torch") if importlib.util.find_spec(name)]
    if not installed or not importlib.util.find_spec("keras"):
        raise ImportError("莎士比亞部分需要 Keras 和 JAX：pip install "keras>=3.12,<4" jax")
    os.environ.setdefault("KERAS_BACKEND", installed[0])
    import keras

    return keras
