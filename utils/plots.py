"""The pictures of the notebooks; each function draws one and returns it, with a text for those who cannot see it.

All have a white ground, also where the notebook is dark; text stands out from what is behind it by 4.5 to 1 or more.
"""

import html
import io
import re
import sys
from base64 import b64encode
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from textwrap import fill, wrap
from typing import Any, TextIO

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import display
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, ListedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager
from matplotlib.patches import FancyBboxPatch
from matplotlib.patheffects import withStroke

from .rnn import rnn_forward, softmax

__all__ = [
    "live_loss_curve",
    "plot_clipping",
    "plot_losses",
    "plot_network",
    "plot_probabilities",
    "plot_reading",
    "plot_sampling",
    "plot_temperatures",
    "plot_units",
    "show_gallery",
]

for font in Path(__file__).parent.glob("*.otf"):  # of a language that matplotlib's own fonts do not write
    fontManager.addfont(font)
    known = fontManager.ttflist[-1]
    fontManager.ttflist.append(replace(known, weight="bold"))  # for want of one that is
    plt.rcParams["font.family"] = [*plt.rcParams["font.family"], known.name]

# After Okabe and Ito's palette, whose colours stay apart for colour-blind eyes; darker where they are text.
INK, GREY, PALE = "#22303c", "#55626b", "#e9edf0"
BLUE, ORANGE, RED, GREEN = "#0072b2", "#e69f00", "#b34700", "#00795a"
RING: dict[str, Any] = {
    "marker": "o", "linestyle": "none", "markerfacecolor": "none", "color": RED,
    "path_effects": [withStroke(linewidth=3.5, foreground="white")],  # for where the ground is dark
}  # fmt: skip
ARROW = {"arrowstyle": "-|>", "color": INK, "lw": 1.5, "shrinkA": 0, "shrinkB": 0}

NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(\.\d+(?:e[-+]?\d+)?)?")


@dataclass(frozen=True)
class Described:
    """A figure, which a notebook shows, and a text that says what is on it, which a screen reader reads."""

    figure: Figure
    alt: str

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        out = io.BytesIO()
        self.figure.savefig(out, dpi=144, bbox_inches="tight", facecolor="white")
        png = b64encode(out.getvalue()).decode()
        width = round(80 * self.figure.get_figwidth())
        # JupyterLab gives a picture no alt text; an element of HTML keeps its own
        image = f'<img src="data:image/png;base64,{png}" alt="{html.escape(self.alt)}" width="{width}">'
        return {"text/html": image, "image/png": png, "text/plain": self.alt}, {"image/png": {"alt": self.alt}}


def plot_network() -> Described:
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
    return _finish(
        fig,
        "The network unrolled over the name trex, as five columns from left to right. In each column an arrow Wax "
        "goes from the input x up to the hidden state a, and an arrow Wya from there up to the prediction ŷ. An "
        "arrow Waa goes from each hidden state to the next; the first comes from a⟨0⟩. The inputs are zeros, t, r, "
        "e, x. The targets above the predictions are t, r, e, x and the newline: each target is the input of the "
        "next column.",
    )


def plot_clipping() -> Described:
    """Gradient descent on an RNN with one hidden unit, whose loss has a cliff, without and with clipping.

    The idea of the picture is that of Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent
    neural networks" (2013).
    """
    steps, target, rate, bound, start = 12, 0.7, 0.3, 0.5, (1.5, 0.3)

    def loss(point: np.ndarray) -> np.ndarray:
        a = np.zeros_like(point[0])
        for _ in range(steps):
            a = np.tanh(point[0] * a + point[1])
        return (a - target) ** 2

    def descend(limit: float) -> np.ndarray:
        path, h = [np.array(start)], 1e-6
        for _ in range(60):
            slope = np.array([(loss(path[-1] + e) - loss(path[-1] - e)) / (2 * h) for e in h * np.eye(2)])
            path.append(path[-1] - rate * np.clip(slope, -limit, limit))
        return np.array(path)

    w, b = np.linspace(0.9, 1.7, 240), np.linspace(-0.2, 0.4, 240)
    heights = np.log10(loss(np.array(np.meshgrid(w, b))) + 1e-4)
    # Only the light greys, so that labels stay readable.
    greys = ListedColormap(plt.get_cmap("Greys")(np.linspace(0, 0.4, 256)))
    fig, axes = plt.subplots(1, 2, figsize=(10, 4.3), sharey=True, facecolor="white")
    for ax, limit, colour, title in (
        (axes[0], np.inf, RED, "Without clipping: one step on the cliff, and it is gone"),
        (axes[1], bound, BLUE, f"Each gradient clipped to ±{bound}: it settles in the valley"),
    ):
        path = descend(limit)
        ax.pcolormesh(w, b, heights, cmap=greys, shading="gouraud")
        ax.plot(*path.T, "o-", color=colour, markersize=4.5, markeredgecolor="white", markeredgewidth=0.5)
        ax.plot(*path[0], "o", color="white", markeredgecolor=colour, markersize=9, markeredgewidth=2)
        ax.text(0.93, 0.21, "valley", color=INK)
        ax.annotate("cliff", (1.25, -0.005), (1.25, -0.09), color=INK, ha="center", arrowprops=ARROW)
        ax.annotate("start", path[0], (8, 6), textcoords="offset points", color=INK)
        outside = np.flatnonzero(path[:, 1] > b[-1])
        if outside.size:
            landing = path[outside[0]]
            box = {"facecolor": "white", "edgecolor": "none", "pad": 2}
            ax.text(1.22, 0.36, f"next stop: b = {landing[1]:.0f}", color=colour, ha="right", weight="bold", bbox=box)
        ax.set(xlim=(w[0], w[-1]), ylim=(b[0], b[-1]), xlabel="weight $w$")
        ax.set_title(fill(title, 60), color=INK, fontsize=11)
    axes[0].set_ylabel("bias $b$")
    return _finish(
        fig,
        "Two maps of the same loss over the weight w and the bias b, light where it is low: a light valley curves "
        "through them, and at its narrow end the ground rises like a cliff. From the same start, gradient descent "
        "walks down to the cliff. Left, without clipping: the next step goes far off the map. Right, with clipping: "
        "the steps stay short, cross the valley a few times, and settle in it.",
    )


def plot_sampling() -> Described:
    """A name being drawn, unrolled: each character that comes out goes in at the next step."""
    fig, ax = _canvas(10, 5.0)
    inputs, drawn = ["zeros", "“t”", "“r”", "“e”", "“x”"], ["“t”", "“r”", "“e”", "“x”", "“\\n”"]
    step, rows = 1.95, {"x": 1.0, "a": 2.45, "y": 3.9, "draw": 5.35}
    _box(ax, step, rows["a"], "zeros", PALE)
    for t, (given, out) in enumerate(zip(inputs, drawn, strict=True), start=1):
        x = step * (t + 1)
        _box(ax, x, rows["x"], given, PALE)
        _box(ax, x, rows["a"], rf"$a^{{\langle {t}\rangle}}$", BLUE, "white")
        _box(ax, x, rows["y"], rf"$\hat{{y}}^{{\langle {t}\rangle}}$", ORANGE)
        _box(ax, x, rows["draw"], out, GREEN, "white")
        ax.text(x, 0.4, rf"$x^{{\langle {t}\rangle}}$", ha="center", va="center", color=GREY)
        _arrow(ax, (x, 1.35), (x, 2.1), r"$W_{ax}$")
        _arrow(ax, (x, 2.8), (x, 3.55), r"$W_{ya}$")
        _arrow(ax, (x, 4.25), (x, 5.0), "draw")
        _arrow(ax, (x - step + 0.5, rows["a"]), (x - 0.5, rows["a"]), r"$W_{aa}$")
        if t < len(inputs):  # what was drawn is the input of the next
            gap = x + step - 0.72
            ax.plot([x + 0.5, gap, gap], [rows["draw"], rows["draw"], rows["x"]], ":", color=GREEN, linewidth=1.5)
            ax.annotate("", (x + step - 0.5, rows["x"]), (gap, rows["x"]), arrowprops=ARROW | {"color": GREEN})
        else:
            ax.text(x, 5.95, "a newline: stop", ha="center", va="center", color=GREEN, fontweight="bold")
    ax.set(xlim=(1.3, 6 * step + 0.7), ylim=(0.2, 6.15))
    return _finish(
        fig,
        "Drawing the name trex, as five columns from left to right. In each column the input x and the hidden state "
        "before give the hidden state a, this gives the probabilities ŷ, and from these a character is drawn. The "
        "first input and the first hidden state are zeros. Each character drawn is the input of the next column: t, "
        "r, e, x. The fifth draw is a newline, and the name is finished.",
    )


def plot_probabilities(
    parameters: Mapping[str, np.ndarray], indices: Sequence[int], ix_to_char: Mapping[int, str]
) -> Described:
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
    scale = PowerNorm(0.5, 0, 1)  # so that small probabilities can be told from none
    picture = ax.imshow(np.transpose(columns), cmap="Blues", norm=scale, aspect="auto")
    ax.plot(range(len(indices)), indices, markersize=11, markeredgewidth=1.8, **RING)
    ax.set_xticks(range(len(indices)), [letters[ix] for ix in indices], fontweight="bold")
    ax.set_yticks(range(len(letters)), letters)
    ax.set(xlabel="the letter that was drawn (ringed)", ylabel="the letters to choose from")
    ax.set_xticks(np.arange(-0.5, len(indices)), minor=True)
    ax.grid(which="minor", axis="x", color="white", linewidth=2)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)
    fig.colorbar(picture, label="probability", pad=0.03).outline.set_visible(False)
    chances = ", ".join(f"{letters[ix]} {column[ix]:.2f}" for ix, column in zip(indices, columns, strict=True))
    return _finish(
        fig,
        f"For each of {len(indices)} draws, a column with the probability of each of the {len(letters)} characters; a "
        f"ring marks the one that was drawn. The characters drawn, each with its probability: {chances}.",
    )


def plot_reading(text: str, probabilities: np.ndarray, vocabulary: str) -> Described:
    """What a model expects before each character of a text, and how much the character surprised it.

    `probabilities` has one row per character of the text, over the vocabulary; a ring marks what came.
    """
    text = text.rstrip("\n")
    came = [vocabulary.index(char) for char in text]
    labels = [{"\n": "↵", " ": "␣"}.get(char, char) for char in vocabulary]
    rows = probabilities[: len(text)]
    size = (2.2 + 0.27 * len(text), 8.2)
    fig, (top, ax) = plt.subplots(2, 1, figsize=size, height_ratios=(1, 5), sharex=True, facecolor="white")
    surprise = -np.log(rows[range(len(text)), came])
    top.bar(range(len(text)), surprise, color=ORANGE)
    top.set_ylabel("surprise\n(nats)")
    top.spines[["top", "right"]].set_visible(False)
    ax.imshow(rows.T, cmap="Blues", norm=PowerNorm(0.5, 0, 1), aspect="auto")
    ax.plot(range(len(text)), came, markersize=9, markeredgewidth=1.5, **RING)
    ax.set_xticks(range(len(text)), [labels[ix] for ix in came], fontweight="bold")
    ax.set_yticks(range(len(labels)), labels)
    ax.set(xlabel="the text (ringed: what came)", ylabel="the characters to choose from")
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)
    nats = ", ".join(f"{labels[ix]} {cost:.1f}" for ix, cost in zip(came, surprise, strict=True))
    return _finish(
        fig,
        f"For each character of the text, a column with the probability of each of the {len(labels)} characters; a "
        f"ring marks the one that came. Bars above say how much it surprised the model, in nats: {nats}.",
    )


def plot_temperatures(preds: np.ndarray, vocabulary: str, temperatures: Sequence[float], shown: int = 12) -> Described:
    """One next character's probabilities `preds`, (n_x,), as each temperature bends them; the likeliest ones."""
    likeliest = np.argsort(preds)[::-1][:shown]
    labels = [{"\n": "↵", " ": "␣"}.get(vocabulary[ix], vocabulary[ix]) for ix in likeliest]
    size = (2.6 * len(temperatures), 2.6)
    fig, axes = plt.subplots(1, len(temperatures), figsize=size, sharey=True, facecolor="white")
    tops = []
    for ax, temperature in zip(np.ravel(axes), temperatures, strict=True):
        bent = softmax(np.log(np.maximum(preds, 1e-30)) / temperature)
        ax.bar(labels, bent[likeliest], color=BLUE)
        ax.set_title(f"temperature {temperature:g}", fontsize=10)
        ax.tick_params(axis="x", length=0)
        ax.spines[["top", "right"]].set_visible(False)
        tops.append(f"{temperature:g}: {bent[likeliest[0]]:.2f}")
    np.ravel(axes)[0].set_ylabel("probability")
    return _finish(
        fig,
        f"The probabilities of the {shown} likeliest next characters, as bars, once for each temperature. The higher "
        f"the temperature, the more even the bars. The likeliest, {labels[0]}, has at each temperature: "
        f"{'; '.join(tops)}.",
    )


def show_gallery(names: Sequence[str], known: Collection[str], columns: int = 5) -> Described:
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
    said = ", ".join(name.capitalize() + (" (in the data)" if name in known else "") for name in names)
    return _finish(fig, f"{len(names)} names on tiles: {said}.")


def plot_losses(losses: Mapping[str, Sequence[float]]) -> Described:
    """By model: its loss in nats a name on names that it learned from, and on names that it has not seen."""
    fig, ax = plt.subplots(figsize=(8, 3.6), facecolor="white")
    places = np.arange(len(losses))
    kinds = (("names it learned from", PALE, GREY), ("names it has never seen", BLUE, BLUE))
    for side, (kind, colour, edge) in enumerate(kinds):
        heights = [pair[side] for pair in losses.values()]
        bars = ax.bar(places + 0.4 * side - 0.2, heights, 0.38, color=colour, edgecolor=edge, label=kind)
        ax.bar_label(bars, fmt="%.1f", padding=2, color=INK)
    ax.set_xticks(places, losses)
    ax.set_ylabel("loss (nats a name)")
    ax.set_ylim(0, 1.3 * max(map(max, losses.values())))
    ax.tick_params(axis="x", length=0)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, ncols=2, loc="upper right")
    said = "; ".join(f"{model} {old:.1f} and {new:.1f}" for model, (old, new) in losses.items())
    return _finish(fig, f"Bars: the loss in nats a name, on names learned from and on names never seen. {said}.")


QUESTIONS: dict[str, Callable[[str], Sequence[float]]] = {  # about each letter of a name
    "Was that a vowel?": lambda name: [letter in "aeiouy" for letter in name],
    "Is it one of the first three?": lambda name: [place < 3 for place in range(len(name))],
    "Is it part of the ending saurus?": lambda name: [
        name.endswith("saurus") and place >= len(name) - 6 for place in range(len(name))
    ],
    "Does a u come next?": lambda name: [letter == "u" for letter in name[1:] + "\n"],
}


def plot_units(
    parameters: dict[str, np.ndarray], shown: Sequence[str], names: Collection[str], char_to_ix: Mapping[str, int]
) -> Described:
    """For each of some questions the hidden unit that goes along with the answer most closely, over `names`.

    Its value after each letter of the names `shown` is the colour of a tile. Each name is read from zeros.
    """

    def states(name: str) -> np.ndarray:
        """The hidden state after each letter, (letters, n_a)."""
        indices = [char_to_ix[char] for char in name]
        zeros = np.zeros_like(parameters["b"])
        _, (_, a, _) = rnn_forward([None, *indices], [*indices, char_to_ix["\n"]], zeros, parameters)
        return a[2:]  # the first two are the zeros, and what came of them without a letter

    values = np.concatenate([states(name) for name in names])
    grid = np.full((len(shown), max(map(len, shown))), np.nan)
    colours = LinearSegmentedColormap.from_list("values", ["#f6b26b", "#ffffff", "#6fb1e0"])
    fig, axes = plt.subplots(2, 2, figsize=(10, 1.15 + 0.62 * len(shown)), facecolor="white", layout="constrained")
    said = []
    for ax, (question, answer) in zip(axes.flat, QUESTIONS.items(), strict=True):
        wanted = np.concatenate([np.array(answer(name), float) for name in names])
        correlations = np.corrcoef(values.T, wanted)[-1, :-1]
        unit = int(np.abs(correlations).argmax())
        for row, name in enumerate(shown):
            grid[row, : len(name)] = states(name)[:, unit]
            for place, letter in enumerate(name):
                ax.text(place, row, letter, ha="center", va="center", color=INK, fontsize=10)
        picture = ax.imshow(grid, cmap=colours, vmin=-1, vmax=1, aspect="auto")
        told = (
            f"unit {unit}, correlation {correlations[unit]:.2f}, blue means yes"
            if correlations[unit] > 0
            else f"unit {unit}, correlation {correlations[unit]:.2f}, blue means no"
        )
        ax.set_title("\n".join([*wrap(question, 60), *wrap(told, 60)]), fontsize=10, color=INK)
        ax.axis("off")
        said.append(f"{question} {told.capitalize()}.")
    bar = fig.colorbar(picture, ax=axes, label="the unit's value after the letter", shrink=0.7)
    bar.outline.set_visible(False)
    plt.close(fig)
    return Described(
        fig,
        f"The names {', '.join(shown)}, four times, each letter on a tile. The tile's colour is the value of one "
        f"hidden unit after that letter, from orange for -1 to blue for 1. {' '.join(said)}",
    )


@contextmanager
def live_loss_curve() -> Iterator[None]:
    """Draw the losses that the code inside prints, while it runs.

    Lines with an iteration and one number with a decimal point, in whatever words, feed one figure that is redrawn
    in place. What is printed still appears; a progress bar on stderr stays on one line instead of leaving a trail.
    """
    curve = display(_loss_figure([]), display_id=True)
    bar = display({"text/plain": ""}, raw=True, display_id=True)
    points: list[tuple[int, float]] = []

    def watch(line: str) -> None:
        numbers = list(NUMBER.finditer(line))
        losses = [float(number[0].replace(",", "")) for number in numbers if number[1]]
        iterations = [int(number[0].replace(",", "")) for number in numbers if not number[1]]
        if len(losses) == 1 and iterations:
            points.append((iterations[0], losses[0]))
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


def _loss_figure(points: Sequence[tuple[int, float]]) -> Described:
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
    said = ", ".join(f"{loss:.2f} at {iteration}" for iteration, loss in points) or "nothing yet"
    return _finish(fig, f"A curve of the smoothed loss over the iterations: {said}.")


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


def _finish(fig: Figure, alt: str) -> Described:
    """Tighten the layout; close the figure, so that it shows once, where it is returned."""
    fig.tight_layout()
    plt.close(fig)
    return Described(fig, alt)
