"""The pictures of the notebooks; each function draws one figure and returns it."""

import re
import sys
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from itertools import pairwise
from typing import TextIO

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from .rnn import softmax

__all__ = [
    "live_loss_curve",
    "plot_clipping",
    "plot_generation_loop",
    "plot_network",
    "plot_probabilities",
    "plot_reading",
    "plot_temperatures",
    "show_gallery",
]

# Okabe and Ito's palette: its colours stay apart for colour-blind eyes.
INK, GREY, PALE = "#22303c", "#7a8790", "#e9edf0"
BLUE, ORANGE, RED, GREEN = "#0072b2", "#e69f00", "#d55e00", "#00795a"
ARROW = {"arrowstyle": "-|>", "color": INK, "lw": 1.5, "shrinkA": 0, "shrinkB": 0}

LOSS_LINE = re.compile(r"Iteration:\s*(\d+).*?Loss:\s*([-+]?\d+\.?\d*(?:e[-+]?\d+)?)")


def plot_network() -> Figure:
    """The network unrolled over the name `trex`: one column per time step."""
    fig, ax = _canvas(10, 4.4)
    inputs, targets = ["zeros", "“t”", "“r”", "“e”", "“x”"], ["“t”", "“r”", "“e”", "“x”", "“\\n”"]
    step = 1.95
    _box(ax, step, 2.6, r"$a^{\langle 0\rangle}$", PALE)
    for t, (given, wanted) in enumerate(zip(inputs, targets, strict=True), start=1):
        x = step * (t + 1)
        _box(ax, x, 1.0, given, PALE)
        _box(ax, x, 2.6, rf"$a^{{\langle {t}\rangle}}$", BLUE, "white")
        _box(ax, x, 4.2, rf"$\hat{{y}}^{{\langle {t}\rangle}}$", ORANGE)
        ax.text(x, 4.9, f"target {wanted}", ha="center", va="center", color=GREEN, fontweight="bold")
        ax.text(x, 0.4, rf"$x^{{\langle {t}\rangle}}$", ha="center", va="center", color=GREY)
        _arrow(ax, (x, 1.35), (x, 2.25), r"$W_{ax}$")
        _arrow(ax, (x, 2.95), (x, 3.85), r"$W_{ya}$")
        _arrow(ax, (x - step + 0.5, 2.6), (x - 0.5, 2.6), r"$W_{aa}$")
        if t < len(inputs):  # the target of this step is the input of the next
            gap = x + step - 0.72
            ax.plot([x + 0.68, gap, gap], [4.9, 4.9, 1.0], ":", color=GREEN, linewidth=1.5)
            ax.annotate("", (x + step - 0.5, 1.0), (gap, 1.0), arrowprops=ARROW | {"color": GREEN})
    ax.set(xlim=(1.3, 6 * step + 0.7), ylim=(0.2, 5.1))
    return _finish(fig)


def plot_clipping() -> Figure:
    """Gradient descent on a one-neuron RNN whose loss has a cliff, without and with clipping.

    The idea of the picture is that of Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent
    neural networks" (2013).
    """
    steps, target, rate, bound = 12, 0.5, 0.3, 0.3

    def loss(point: np.ndarray) -> np.ndarray:
        a = np.zeros_like(point[0])
        for _ in range(steps):
            a = np.tanh(point[0] * a + point[1])
        return (a - target) ** 2

    def descend(limit: float) -> np.ndarray:
        path, h = [np.array([1.7, 0.3])], 1e-6
        for _ in range(50):
            slope = np.array([(loss(path[-1] + e) - loss(path[-1] - e)) / (2 * h) for e in h * np.eye(2)])
            path.append(path[-1] - rate * np.clip(slope, -limit, limit))
        return np.array(path)

    w, b = np.linspace(0.7, 1.95, 240), np.linspace(-0.3, 0.5, 240)
    heights = np.log10(loss(np.array(np.meshgrid(w, b))) + 1e-4)
    # Only the light greys, so that labels stay readable.
    greys = ListedColormap(plt.get_cmap("Greys")(np.linspace(0, 0.45, 256)))
    fig, axes = plt.subplots(1, 2, figsize=(10, 4.3), sharey=True, facecolor="white")
    for ax, limit, colour, title in (
        (axes[0], np.inf, RED, "Without clipping: one step on the cliff, and it is gone"),
        (axes[1], bound, BLUE, f"Each gradient clipped to ±{bound}: it reaches the valley"),
    ):
        path = descend(limit)
        ax.pcolormesh(w, b, heights, cmap=greys, shading="gouraud")
        ax.plot(*path.T, "o-", color=colour, markersize=4.5, markeredgecolor="white", markeredgewidth=0.5)
        ax.plot(*path[0], "o", color="white", markeredgecolor=colour, markersize=9, markeredgewidth=2)
        ax.text(0.75, 0.2, "valley", color=INK)
        ax.text(1.7, -0.05, "cliff", color=INK)
        ax.annotate("start", path[0], (8, 6), textcoords="offset points", color=INK)
        outside = np.flatnonzero(path[:, 1] > b[-1])
        if outside.size:
            landing = path[outside[0]]
            ax.text(1.34, 0.45, f"next stop: b = {landing[1]:.0f}", color=colour, ha="right", fontweight="bold")
        ax.set(xlim=(w[0], w[-1]), ylim=(b[0], b[-1]), xlabel="weight $w$")
        ax.set_title(title, color=INK, fontsize=11)
    axes[0].set_ylabel("bias $b$")
    return _finish(fig)


def plot_generation_loop() -> Figure:
    """How a name is drawn: each letter that comes out goes in at the next step."""
    fig, ax = _canvas(10, 3.9)
    stations = [
        (1.1, "input\n$x$  $(27, 1)$", PALE, INK),
        (3.6, "hidden state\n$a$  $(n_a, 1)$", BLUE, "white"),
        (6.1, "probabilities\n" + r"$\hat{y}$  $(27, 1)$", ORANGE, INK),
        (8.6, "draw\none index", GREEN, "white"),
    ]
    for x, label, colour, text in stations:
        _box(ax, x, 2.6, label, colour, text, width=1.7, height=1.0)
    for (left, *_), (right, *_) in pairwise(stations):
        _arrow(ax, (left + 0.95, 2.6), (right - 0.95, 2.6))
    ax.annotate("", (3.25, 3.2), (3.95, 3.2), arrowprops=ARROW | {"connectionstyle": "arc3,rad=1.6"})
    ax.text(3.6, 4.15, "kept for the next step", ha="center", color=INK)
    ax.annotate("", (1.1, 2.0), (8.6, 2.0), arrowprops=ARROW | {"connectionstyle": "bar,fraction=-0.11"})
    ax.text(4.85, 0.85, "the drawn letter, one-hot, is the next input", ha="center", color=INK)
    ax.text(1.1, 3.4, "first: zeros", ha="center", color=GREY)
    _arrow(ax, (8.6, 3.2), (8.6, 3.85))
    ax.text(8.6, 4.1, "newline, or 50 letters: stop", ha="center", va="center", color=GREEN, fontweight="bold")
    ax.set(xlim=(0, 10), ylim=(0.6, 4.5))
    return _finish(fig)


def plot_probabilities(
    parameters: Mapping[str, np.ndarray], indices: Sequence[int], ix_to_char: Mapping[int, str]
) -> Figure:
    """Heat map of what the network thought before each letter of a name that was drawn.

    `indices` is the drawn name, as `sample` returns it; a ring marks each letter that was drawn.
    """
    letters = [ix_to_char[ix].replace("\n", "↵") for ix in range(len(ix_to_char))]
    columns, a, x = [], np.zeros_like(parameters["b"]), np.zeros((len(letters), 1))
    for ix in indices:
        a = np.tanh(parameters["Wax"] @ x + parameters["Waa"] @ a + parameters["b"])
        columns.append(softmax(parameters["Wya"] @ a + parameters["by"]).ravel())
        x = np.eye(len(letters))[:, [ix]]
    width = 2.6 + 0.34 * len(indices)
    fig, ax = plt.subplots(figsize=(width, 6.2), facecolor="white")
    picture = ax.imshow(np.transpose(columns), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    ax.plot(
        range(len(indices)),
        indices,
        "o",
        markersize=11,
        markerfacecolor="none",
        color=RED,
        markeredgewidth=1.8,
    )
    ax.set_xticks(range(len(indices)), [letters[ix] for ix in indices], fontweight="bold")
    ax.set_yticks(range(len(letters)), letters)
    ax.set(xlabel="the letter that was drawn (ringed)", ylabel="the letters to choose from")
    ax.set_xticks(np.arange(-0.5, len(indices)), minor=True)
    ax.grid(which="minor", axis="x", color="white", linewidth=2)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)
    fig.colorbar(picture, label="probability", pad=0.03).outline.set_visible(False)
    return _finish(fig)


def plot_reading(text: str, probabilities: np.ndarray, vocabulary: str) -> Figure:
    """What a model expects before each character of a text, and how much the character surprised it.

    `probabilities` has one row per character of the text, over the vocabulary; a ring marks what came.
    """
    text = text.rstrip("\n")
    came = [vocabulary.index(char) for char in text]
    labels = [{"\n": "↵", " ": "␣"}.get(char, char) for char in vocabulary]
    rows = probabilities[: len(text)]
    size = (2.2 + 0.27 * len(text), 8.2)
    fig, (top, ax) = plt.subplots(2, 1, figsize=size, height_ratios=(1, 5), sharex=True, facecolor="white")
    top.bar(range(len(text)), -np.log(rows[range(len(text)), came]), color=ORANGE)
    top.set_ylabel("surprise\n(nats)")
    top.spines[["top", "right"]].set_visible(False)
    ax.imshow(rows.T, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    ax.plot(range(len(text)), came, "o", markersize=9, markerfacecolor="none", color=RED, markeredgewidth=1.5)
    ax.set_xticks(range(len(text)), [labels[ix] for ix in came], fontweight="bold")
    ax.set_yticks(range(len(labels)), labels)
    ax.set(xlabel="the text (ringed: what came)", ylabel="the characters to choose from")
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)
    return _finish(fig)


def plot_temperatures(preds: np.ndarray, vocabulary: str, temperatures: Sequence[float], shown: int = 12) -> Figure:
    """One next character's probabilities `preds`, (n_x,), as each temperature bends them; the likeliest ones."""
    likeliest = np.argsort(preds)[::-1][:shown]
    labels = [{"\n": "↵", " ": "␣"}.get(vocabulary[ix], vocabulary[ix]) for ix in likeliest]
    size = (2.6 * len(temperatures), 2.6)
    fig, axes = plt.subplots(1, len(temperatures), figsize=size, sharey=True, facecolor="white")
    for ax, temperature in zip(np.ravel(axes), temperatures, strict=True):
        bent = softmax(np.log(np.maximum(preds, 1e-30)) / temperature)
        ax.bar(labels, bent[likeliest], color=BLUE)
        ax.set_title(f"temperature {temperature:g}", fontsize=10)
        ax.tick_params(axis="x", length=0)
        ax.spines[["top", "right"]].set_visible(False)
    np.ravel(axes)[0].set_ylabel("probability")
    return _finish(fig)


def show_gallery(names: Sequence[str], known: Collection[str], columns: int = 5) -> Figure:
    """The names on tiles; a star and a darker tile mark those that are in `known`."""
    rows = -(-len(names) // columns)
    fig, ax = _canvas(10, 0.62 * rows + 0.5)
    for place, name in enumerate(names):
        x, y = place % columns + 0.5, rows - place // columns - 0.5
        real = name in known
        label = ("★ " if real else "") + name.capitalize()
        if len(label) > 22:  # a long name takes two lines
            label = f"{label[: len(label) // 2]}-\n{label[len(label) // 2 :]}"
        size = min(12, 204 / (1 + max(map(len, label.split("\n")))))
        _box(ax, x, y, label, BLUE if real else PALE, "white" if real else INK, 0.94, 0.8, size)
    ax.text(0.04, -0.25, "★ in the data      all others are new", va="center", color=INK)
    ax.set(xlim=(0, columns), ylim=(-0.5, rows))
    return _finish(fig)


@contextmanager
def live_loss_curve() -> Iterator[None]:
    """Draw the losses that the code inside prints, while it runs.

    Lines with `Iteration: <number>, Loss: <number>` feed one figure that is redrawn in place. What is
    printed still appears; a progress bar on stderr stays on one line instead of leaving a trail.
    """
    curve = display(_loss_figure([]), display_id=True)
    bar = display({"text/plain": ""}, raw=True, display_id=True)
    points: list[tuple[int, float]] = []

    def watch(line: str) -> None:
        found = LOSS_LINE.search(line)
        if found:
            points.append((int(found[1]), float(found[2])))
            if curve is not None:  # outside of a notebook nothing can be redrawn
                curve.update(_loss_figure(points))

    def advance(text: str) -> None:
        if bar is not None:
            bar.update({"text/plain": text}, raw=True)

    with redirect_stdout(_Lines(sys.stdout, watch)), redirect_stderr(_Bar(sys.stderr, advance)):
        yield


class _Lines:
    """A text stream that passes everything on and also hands each whole line to `watch`."""

    def __init__(self, stream: TextIO, watch: Callable[[str], None]) -> None:
        self.stream, self.watch, self.rest = stream, watch, ""

    def write(self, text: str) -> int:
        self.stream.write(text)
        *lines, self.rest = (self.rest + text).split("\n")
        for line in lines:
            self.watch(line)
        return len(text)

    def flush(self) -> None:
        self.stream.flush()


class _Bar:
    """A text stream that hands progress lines (they start with a carriage return) to `advance`."""

    encoding = "utf-8"  # tqdm asks, to know whether it may draw smooth bars

    def __init__(self, stream: TextIO, advance: Callable[[str], None]) -> None:
        self.stream, self.advance, self.moving = stream, advance, False

    def write(self, text: str) -> int:
        if text.startswith("\r"):
            self.moving = True
            self.advance(text.strip())
        elif text.strip() or not self.moving:  # tqdm ends its bar with a lone newline
            self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        self.stream.flush()


def _loss_figure(points: Sequence[tuple[int, float]]) -> Figure:
    """The smoothed loss over the iterations seen so far."""
    fig, ax = plt.subplots(figsize=(8, 3.2), facecolor="white")
    if points:
        iterations, losses = zip(*points, strict=True)
        ax.plot(iterations, losses, "o-", color=BLUE, linewidth=2, markersize=5)
        ax.annotate(f"{losses[-1]:.2f}", points[-1], (0, 9), textcoords="offset points", ha="center", color=BLUE)
    ax.set(xlabel="iteration", ylabel="smoothed loss")
    ax.margins(0.06, 0.18)
    ax.grid(color=PALE)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    return _finish(fig)


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty white drawing area without axes."""
    fig, ax = plt.subplots(figsize=(width, height), facecolor="white")
    ax.axis("off")
    return fig, ax


def _box(
    ax: Axes,
    x: float,
    y: float,
    label: str,
    colour: str,
    text: str = INK,
    width: float = 1.0,
    height: float = 0.7,
    size: float = 12,
) -> None:
    """A rounded box with a label, centred at (x, y)."""
    pad = 0.08 * height
    corner = (x - width / 2 + pad, y - height / 2 + pad)
    shape = FancyBboxPatch(corner, width - 2 * pad, height - 2 * pad, f"round,pad={pad}", fc=colour, ec="none")
    ax.add_patch(shape)
    ax.text(x, y, label, ha="center", va="center", color=text, fontsize=size)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], label: str = "") -> None:
    """An arrow, with a label above it (or to the right of an upright one)."""
    ax.annotate("", end, start, arrowprops=ARROW)
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    upright = start[0] == end[0]
    offset, align = ((5, 0), "left") if upright else ((-6, 8), "center")
    ax.annotate(label, (x, y), offset, textcoords="offset points", ha=align, va="center", color=GREY, fontsize=10)


def _finish(fig: Figure) -> Figure:
    """Tighten the layout; close the figure, so that it shows once, where it is returned."""
    fig.tight_layout()
    plt.close(fig)
    return fig
