"""A two-layer Keras LSTM that continues sonnets, character by character: its data, and what it expects.

Importing this loads neither data nor Keras: both come with the functions. Keras 3 runs on what KERAS_BACKEND names, and
else on the first of JAX, TensorFlow and PyTorch that is installed. Needs the extra `shakespeare`.
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
TX = 40  # characters in a window
UNITS, DROPOUT = 128, 0.5
HELD_OUT = 14  # the last sonnets: the weights in datasets/ have never seen them
DEFAULT_PROMPT = "Shall I compare thee to a summer's day?\n"


def load_text() -> str:
    """The Sonnets in lower case: a newline ends each line, an empty line stands between two sonnets."""
    return (DATASETS / "shakespeare.txt").read_text("utf-8").lower()


def split_text(text: str) -> tuple[str, str]:
    """What is for training, and the last 14 sonnets, which are for measuring."""
    sonnets = text.split("\n\n")
    return "\n\n".join(sonnets[:-HELD_OUT]) + "\n\n", "\n\n".join(sonnets[-HELD_OUT:])


def vectorization(
    X: Sequence[str], Y: Sequence[str], n_x: int, char_indices: Mapping[str, int], Tx: int = TX
) -> tuple[np.ndarray, np.ndarray]:
    """One-hot windows, shape (m, Tx, n_x), and next characters, shape (m, n_x), both bool."""
    index = np.array([[char_indices[char] for char in window] for window in X], dtype=int).reshape(len(X), Tx)
    next_index = np.array([char_indices[char] for char in Y], dtype=int)
    one_hot = np.eye(n_x, dtype=bool)
    return one_hot[index], one_hot[next_index]


def build_model(
    n_x: int = len(VOCABULARY), Tx: int = TX, every_position: bool = False, dropout: float = DROPOUT
) -> Any:
    """Two LSTM layers of 128, dropout after each, and a dense softmax: a keras.Model, not compiled.

    It maps one-hot windows (m, Tx, n_x) to the probabilities of the next character, (m, n_x), or with `every_position`
    to those after each character of the window, (m, Tx, n_x). The weights are the same for both.
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
    """The trained model, compiled for more training. The same one each time: `predict` asks it."""
    model = build_model()
    model.load_weights(DATASETS / "shakespeare.keras")
    model.compile(optimizer="adam", loss="categorical_crossentropy")
    return model


def predict(text: str) -> np.ndarray:
    """The model's probabilities of the character after a text, (38,), float32. It reads the last 40 characters."""
    return np.asarray(load_pretrained().predict_on_batch(_window(text))[0])


def expectations(text: str) -> np.ndarray:
    """The model's probabilities before each character of a text, and after it: (len(text) + 1, 38)."""
    windows = np.concatenate([_window(text[:end]) for end in range(len(text) + 1)])
    probabilities: np.ndarray = load_pretrained().predict(windows, verbose=0)
    return probabilities


def known_characters(prompt: str) -> str:
    """A prompt in the model's characters: lower case, plain quotes and dashes, no accents, nothing else."""
    plain = prompt.translate(str.maketrans("‘’“”–—\t", "''''-- ")).casefold().replace("æ", "ae").replace("œ", "oe")
    return "".join(char for char in unicodedata.normalize("NFKD", plain) if char in CHAR_INDICES)


def ask_for_prompt() -> str:
    """What somebody types as the beginning of a poem, or `DEFAULT_PROMPT` where there is no keyboard."""
    try:
        return input("How does your poem begin? ")
    except Exception as error:  # IPython's has a type of its own
        if not isinstance(error, EOFError | OSError) and type(error).__name__ != "StdinNotImplementedError":
            raise
        return DEFAULT_PROMPT


def _window(text: str) -> np.ndarray:
    """The last 40 characters, one-hot, shape (1, 40, 38); zero vectors stand on the left where there are fewer."""
    window = np.zeros((1, TX, len(VOCABULARY)), dtype="float32")
    end = text[-TX:]
    for position, char in enumerate(end, start=TX - len(end)):
        window[0, position, CHAR_INDICES[char]] = 1
    return window


def _keras() -> Any:
    # Keras itself would take TensorFlow, whether or not it is there
    installed = [name for name in ("jax", "tensorflow", "torch") if importlib.util.find_spec(name)]
    if not installed or not importlib.util.find_spec("keras"):
        raise ImportError('The Shakespeare part needs Keras and JAX: pip install "keras>=3.12,<4" jax')
    os.environ.setdefault("KERAS_BACKEND", installed[0])
    import keras

    return keras
