"""筆記本的圖片；每個函式畫一張並傳回它，附上給看不見的人的說明。

每張的底色都是白的，筆記本是深色時也一樣；文字和背景的對比至少是 4.5 比 1。
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

for font in Path(__file__).parent.glob("*.otf"):  # 供 matplotlib 自己的字型寫不出的語言使用
    fontManager.addfont(font)
    known = fontManager.ttflist[-1]
    fontManager.ttflist.append(replace(known, weight="bold"))  # 因為沒有粗體
    plt.rcParams["font.family"] = [*plt.rcParams["font.family"], known.name]

# 參考 Okabe 和 Ito 的調色盤，色覺不同的眼睛也分得清；用於文字的顏色較深。
INK, GREY, PALE = "#22303c", "#55626b", "#e9edf0"
BLUE, ORANGE, RED, GREEN = "#0072b2", "#e69f00", "#b34700", "#00795a"
RING: dict[str, Any] = {
    "marker": "o", "linestyle": "none", "markerfacecolor": "none", "color": RED,
    "path_effects": [withStroke(linewidth=3.5, foreground="white")],  # 底色深的地方才看得清
}  # fmt: skip
ARROW = {"arrowstyle": "-|>", "color": INK, "lw": 1.5, "shrinkA": 0, "shrinkB": 0}

NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(\.\d+(?:e[-+]?\d+)?)?")


@dataclass(frozen=True)
class Described:
    """筆記本顯示的圖，以及說明圖上有什麼的文字，供螢幕閱讀器朗讀。"""

    figure: Figure
    alt: str

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, dict[str, str]]]:
        out = io.BytesIO()
        self.figure.savefig(out, dpi=144, bbox_inches="tight", facecolor="white")
        png = b64encode(out.getvalue()).decode()
        width = round(80 * self.figure.get_figwidth())
        # JupyterLab 不給圖片替代文字；HTML 元素則保有自己的
        image = f'<img src="data:image/png;base64,{png}" alt="{html.escape(self.alt)}" width="{width}">'
        return {"text/html": image, "image/png": png, "text/plain": self.alt}, {"image/png": {"alt": self.alt}}


def plot_network() -> Described:
    """對名字 `trex` 展開的網路：每個時間步一欄。"""
    fig, ax = _canvas(10, 4.4)
    inputs, targets = ["零", "“t”", "“r”", "“e”", "“x”"], ["“t”", "“r”", "“e”", "“x”", "“\\n”"]
    step = 1.95
    _box(ax, step, 2.6, r"$a^{\langle 0\rangle}$", PALE)
    for t, (given, wanted) in enumerate(zip(inputs, targets, strict=True), start=1):
        x = step * (t + 1)
        _box(ax, x, 1.0, given, PALE)
        _box(ax, x, 2.6, rf"$a^{{\langle {t}\rangle}}$", BLUE, "white")
        _box(ax, x, 4.2, rf"$\hat{{y}}^{{\langle {t}\rangle}}$", ORANGE)
        ax.text(x, 4.9, f"目標 {wanted}", ha="center", va="center", color=GREEN, fontweight="bold")
        ax.text(x, 0.4, rf"$x^{{\langle {t}\rangle}}$", ha="center", va="center", color=GREY)
        _arrow(ax, (x, 1.35), (x, 2.25), r"$W_{ax}$")
        _arrow(ax, (x, 2.95), (x, 3.85), r"$W_{ya}$")
        _arrow(ax, (x - step + 0.5, 2.6), (x - 0.5, 2.6), r"$W_{aa}$")
        if t < len(inputs):  # 這一步的目標是下一步的輸入
            gap = x + step - 0.72
            ax.plot([x + 0.68, gap, gap], [4.9, 4.9, 1.0], ":", color=GREEN, linewidth=1.5)
            ax.annotate("", (x + step - 0.5, 1.0), (gap, 1.0), arrowprops=ARROW | {"color": GREEN})
    ax.set(xlim=(1.3, 6 * step + 0.7), ylim=(0.2, 5.1))
    return _finish(
        fig,
        "對名字 trex 展開的網路，從左到右五欄。每一欄裡，箭頭 Wax 從輸入 x 往上到隱藏狀態 a，箭頭 Wya 再從那裡往上到預測 ŷ。箭頭 Waa 從每個隱藏狀態到下一個；第一個從 a⟨0⟩ 出發。輸入是零、t、r、e、x。預測上方的目標是 t、r、e、x 和換行字元：每個目標都是下一欄的輸入。",
    )


def plot_clipping() -> Described:
    """在只有一個隱藏單元、損失有懸崖的 RNN 上做梯度下降，不裁剪和裁剪。

    這張圖的構想來自 Pascanu、Mikolov 和 Bengio 的「On the difficulty of training recurrent neural networks」（2013）。
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
    # 只用淺的灰色，讓標籤保持清楚。
    greys = ListedColormap(plt.get_cmap("Greys")(np.linspace(0, 0.4, 256)))
    fig, axes = plt.subplots(1, 2, figsize=(10, 4.3), sharey=True, facecolor="white")
    for ax, limit, colour, title in (
        (axes[0], np.inf, RED, "不裁剪：在懸崖上走一步，就不見了"),
        (axes[1], bound, BLUE, f"每個梯度都裁剪到 ±{bound}：在山谷裡安定下來"),
    ):
        path = descend(limit)
        ax.pcolormesh(w, b, heights, cmap=greys, shading="gouraud")
        ax.plot(*path.T, "o-", color=colour, markersize=4.5, markeredgecolor="white", markeredgewidth=0.5)
        ax.plot(*path[0], "o", color="white", markeredgecolor=colour, markersize=9, markeredgewidth=2)
        ax.text(0.93, 0.21, "山谷", color=INK)
        ax.annotate("懸崖", (1.25, -0.005), (1.25, -0.09), color=INK, ha="center", arrowprops=ARROW)
        ax.annotate("起點", path[0], (8, 6), textcoords="offset points", color=INK)
        outside = np.flatnonzero(path[:, 1] > b[-1])
        if outside.size:
            landing = path[outside[0]]
            box = {"facecolor": "white", "edgecolor": "none", "pad": 2}
            ax.text(1.22, 0.36, f"下一站：b = {landing[1]:.0f}", color=colour, ha="right", weight="bold", bbox=box)
        ax.set(xlim=(w[0], w[-1]), ylim=(b[0], b[-1]), xlabel="權重 w")
        ax.set_title(fill(title, 60), color=INK, fontsize=11)
    axes[0].set_ylabel("偏置 b")
    return _finish(
        fig,
        "同一個損失在權重 w 和偏置 b 上的兩張地圖，損失低的地方顏色淺：一道淺色的山谷彎過圖中，在狹窄的一端，地面像懸崖一樣升起。梯度下降從同一個起點走到懸崖。左圖不裁剪：下一步遠遠飛出地圖。右圖裁剪：步伐保持短小，穿過山谷幾次，在裡面安定下來。",
    )


def plot_sampling() -> Described:
    """正在抽出的名字，展開來看：輸出的每個字元都是下一步的輸入。"""
    fig, ax = _canvas(10, 5.0)
    inputs, drawn = ["零", "“t”", "“r”", "“e”", "“x”"], ["“t”", "“r”", "“e”", "“x”", "“\\n”"]
    step, rows = 1.95, {"x": 1.0, "a": 2.45, "y": 3.9, "抽": 5.35}
    _box(ax, step, rows["a"], "零", PALE)
    for t, (given, out) in enumerate(zip(inputs, drawn, strict=True), start=1):
        x = step * (t + 1)
        _box(ax, x, rows["x"], given, PALE)
        _box(ax, x, rows["a"], rf"$a^{{\langle {t}\rangle}}$", BLUE, "white")
        _box(ax, x, rows["y"], rf"$\hat{{y}}^{{\langle {t}\rangle}}$", ORANGE)
        _box(ax, x, rows["抽"], out, GREEN, "white")
        ax.text(x, 0.4, rf"$x^{{\langle {t}\rangle}}$", ha="center", va="center", color=GREY)
        _arrow(ax, (x, 1.35), (x, 2.1), r"$W_{ax}$")
        _arrow(ax, (x, 2.8), (x, 3.55), r"$W_{ya}$")
        _arrow(ax, (x, 4.25), (x, 5.0), "抽")
        _arrow(ax, (x - step + 0.5, rows["a"]), (x - 0.5, rows["a"]), r"$W_{aa}$")
        if t < len(inputs):  # 抽到的是下一步的輸入
            gap = x + step - 0.72
            ax.plot([x + 0.5, gap, gap], [rows["抽"], rows["抽"], rows["x"]], ":", color=GREEN, linewidth=1.5)
            ax.annotate("", (x + step - 0.5, rows["x"]), (gap, rows["x"]), arrowprops=ARROW | {"color": GREEN})
        else:
            ax.text(x, 5.95, "換行字元：停", ha="center", va="center", color=GREEN, fontweight="bold")
    ax.set(xlim=(1.3, 6 * step + 0.7), ylim=(0.2, 6.15))
    return _finish(
        fig,
        "抽出名字 trex，從左到右五欄。每一欄裡，輸入 x 和前一個隱藏狀態得出隱藏狀態 a，由它得出機率 ŷ，再從中抽出一個字元。第一個輸入和第一個隱藏狀態都是零。抽到的每個字元都是下一欄的輸入：t、r、e、x。第五次抽到換行字元，名字就完成了。",
    )


def plot_probabilities(
    parameters: Mapping[str, np.ndarray], indices: Sequence[int], ix_to_char: Mapping[int, str]
) -> Described:
    """抽出的名字裡，網路在每個字母之前怎麼想的熱圖。

    `indices` 是抽出的名字，如 `sample` 所傳回；圓圈標出抽到的每個字母。
    """
    letters = [ix_to_char[ix].replace("\n", "↵") for ix in range(len(ix_to_char))]
    columns, a, x = [], np.zeros_like(parameters["b"]), np.zeros((len(letters), 1))
    for ix in indices:
        a = np.tanh(parameters["Wax"] @ x + parameters["Waa"] @ a + parameters["b"])
        columns.append(softmax(parameters["Wya"] @ a + parameters["by"]).ravel())
        x = np.eye(len(letters))[:, [ix]]
    width = 2.6 + 0.34 * len(indices)
    fig, ax = plt.subplots(figsize=(width, 6.2), facecolor="white")
    scale = PowerNorm(0.5, 0, 1)  # 讓很小的機率看得出不是零
    picture = ax.imshow(np.transpose(columns), cmap="Blues", norm=scale, aspect="auto")
    ax.plot(range(len(indices)), indices, markersize=11, markeredgewidth=1.8, **RING)
    ax.set_xticks(range(len(indices)), [letters[ix] for ix in indices], fontweight="bold")
    ax.set_yticks(range(len(letters)), letters)
    ax.set(xlabel="抽到的字母（圓圈）", ylabel="可以選擇的字母")
    ax.set_xticks(np.arange(-0.5, len(indices)), minor=True)
    ax.grid(which="minor", axis="x", color="white", linewidth=2)
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)
    fig.colorbar(picture, label="機率", pad=0.03).outline.set_visible(False)
    chances = ", ".join(f"{letters[ix]} {column[ix]:.2f}" for ix, column in zip(indices, columns, strict=True))
    return _finish(
        fig,
        f"{len(indices)} 次抽樣各有一欄，是 {len(letters)} 個字元各自的機率；圓圈標出抽到的字元。抽到的字元和各自的機率：{chances}。",
    )


def plot_reading(text: str, probabilities: np.ndarray, vocabulary: str) -> Described:
    """模型在文字的每個字元之前期待什麼，以及該字元讓它多麼意外。

    `probabilities` 對文字的每個字元有一列，涵蓋整個詞彙表；圓圈標出實際出現的。
    """
    text = text.rstrip("\n")
    came = [vocabulary.index(char) for char in text]
    labels = [{"\n": "↵", " ": "␣"}.get(char, char) for char in vocabulary]
    rows = probabilities[: len(text)]
    size = (2.2 + 0.27 * len(text), 8.2)
    fig, (top, ax) = plt.subplots(2, 1, figsize=size, height_ratios=(1, 5), sharex=True, facecolor="white")
    surprise = -np.log(rows[range(len(text)), came])
    top.bar(range(len(text)), surprise, color=ORANGE)
    top.set_ylabel("意外程度\n（奈特）")
    top.spines[["top", "right"]].set_visible(False)
    ax.imshow(rows.T, cmap="Blues", norm=PowerNorm(0.5, 0, 1), aspect="auto")
    ax.plot(range(len(text)), came, markersize=9, markeredgewidth=1.5, **RING)
    ax.set_xticks(range(len(text)), [labels[ix] for ix in came], fontweight="bold")
    ax.set_yticks(range(len(labels)), labels)
    ax.set(xlabel="文字（圓圈：實際出現的）", ylabel="可以選擇的字元")
    ax.tick_params(which="both", length=0)
    ax.spines[:].set_visible(False)
    nats = ", ".join(f"{labels[ix]} {cost:.1f}" for ix, cost in zip(came, surprise, strict=True))
    return _finish(
        fig,
        f"文字的每個字元各有一欄，是 {len(labels)} 個字元各自的機率；圓圈標出實際出現的。上方的長條是它讓模型多麼意外，以奈特計：{nats}。",
    )


def plot_temperatures(preds: np.ndarray, vocabulary: str, temperatures: Sequence[float], shown: int = 12) -> Described:
    """下一個字元的機率 `preds`（(n_x,)），以及每個溫度如何改變它們；只列最可能的。"""
    likeliest = np.argsort(preds)[::-1][:shown]
    labels = [{"\n": "↵", " ": "␣"}.get(vocabulary[ix], vocabulary[ix]) for ix in likeliest]
    size = (2.6 * len(temperatures), 2.6)
    fig, axes = plt.subplots(1, len(temperatures), figsize=size, sharey=True, facecolor="white")
    tops = []
    for ax, temperature in zip(np.ravel(axes), temperatures, strict=True):
        bent = softmax(np.log(np.maximum(preds, 1e-30)) / temperature)
        ax.bar(labels, bent[likeliest], color=BLUE)
        ax.set_title(f"溫度 {temperature:g}", fontsize=10)
        ax.tick_params(axis="x", length=0)
        ax.spines[["top", "right"]].set_visible(False)
        tops.append(f"{temperature:g}: {bent[likeliest[0]]:.2f}")
    np.ravel(axes)[0].set_ylabel("機率")
    return _finish(
        fig,
        f"{shown} 個最可能的下一個字元的機率，以長條表示，每個溫度一組。溫度越高，長條越平均。最可能的 {labels[0]} 在各溫度的機率：{'; '.join(tops)}。",
    )


def show_gallery(names: Sequence[str], known: Collection[str], columns: int = 5) -> Described:
    """名牌上的名字；星號和較深的底色標出 `known` 裡的名字。"""
    rows = -(-len(names) // columns)
    fig, ax = _canvas(10, 0.62 * rows + 0.5)
    for place, name in enumerate(names):
        x, y = place % columns + 0.5, rows - place // columns - 0.5
        real = name in known
        label = ("★ " if real else "") + name.capitalize()
        if len(label) > 22:  # 長的名字占兩行
            label = f"{label[: len(label) // 2]}-\n{label[len(label) // 2 :]}"
        size = min(12, 204 / (1 + max(map(len, label.split("\n")))))
        _box(ax, x, y, label, BLUE if real else PALE, "white" if real else INK, 0.94, 0.8, size)
    ax.text(0.04, -0.25, "★ 已在資料裡      其他都是新的", va="center", color=INK)
    ax.set(xlim=(0, columns), ylim=(-0.5, rows))
    said = ", ".join(name.capitalize() + ("（已在資料裡）" if name in known else "") for name in names)
    return _finish(fig, f"名牌上的 {len(names)} 個名字：{said}。")


def plot_losses(losses: Mapping[str, Sequence[float]]) -> Described:
    """每個模型每個名字的損失（奈特）：學過的名字，以及沒見過的名字。"""
    fig, ax = plt.subplots(figsize=(8, 3.6), facecolor="white")
    places = np.arange(len(losses))
    kinds = (("學過的名字", PALE, GREY), ("從沒見過的名字", BLUE, BLUE))
    for side, (kind, colour, edge) in enumerate(kinds):
        heights = [pair[side] for pair in losses.values()]
        bars = ax.bar(places + 0.4 * side - 0.2, heights, 0.38, color=colour, edgecolor=edge, label=kind)
        ax.bar_label(bars, fmt="%.1f", padding=2, color=INK)
    ax.set_xticks(places, losses)
    ax.set_ylabel("損失（每個名字的奈特）")
    ax.set_ylim(0, 1.3 * max(map(max, losses.values())))
    ax.tick_params(axis="x", length=0)
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False, ncols=2, loc="upper right")
    said = "; ".join(f"{model} {old:.1f} 和 {new:.1f}" for model, (old, new) in losses.items())
    return _finish(fig, f"長條：每個名字的損失（奈特），學過的名字和從沒見過的名字。{said}。")


QUESTIONS: dict[str, Callable[[str], Sequence[float]]] = {  # 關於名字裡的每個字母
    "剛才是母音嗎？": lambda name: [letter in "aeiouy" for letter in name],
    "是前三個字母之一嗎？": lambda name: [place < 3 for place in range(len(name))],
    "屬於字尾 saurus 嗎？": lambda name: [
        name.endswith("saurus") and place >= len(name) - 6 for place in range(len(name))
    ],
    "下一個是 u 嗎？": lambda name: [letter == "u" for letter in name[1:] + "\n"],
}


def plot_units(
    parameters: dict[str, np.ndarray], shown: Sequence[str], names: Collection[str], char_to_ix: Mapping[str, int]
) -> Described:
    """對幾個問題，各自找出在 `names` 上和答案最相關的隱藏單元。

    色塊的顏色是它在名字 `shown` 的每個字母之後的值。每個名字都從零讀起。
    """

    def states(name: str) -> np.ndarray:
        """每個字母之後的隱藏狀態，(letters, n_a)。"""
        indices = [char_to_ix[char] for char in name]
        zeros = np.zeros_like(parameters["b"])
        _, (_, a, _) = rnn_forward([None, *indices], [*indices, char_to_ix["\n"]], zeros, parameters)
        return a[2:]  # 前兩個是零，以及沒有字母時由零得出的

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
            f"單元 {unit}，相關係數 {correlations[unit]:.2f}，藍色表示是"
            if correlations[unit] > 0
            else f"單元 {unit}，相關係數 {correlations[unit]:.2f}，藍色表示否"
        )
        ax.set_title("\n".join([*wrap(question, 60), *wrap(told, 60)]), fontsize=10, color=INK)
        ax.axis("off")
        said.append(f"{question} {told.capitalize()}.")
    bar = fig.colorbar(picture, ax=axes, label="字母之後單元的值", shrink=0.7)
    bar.outline.set_visible(False)
    plt.close(fig)
    return Described(
        fig,
        f"名字 {', '.join(shown)} 出現四次，每個字母一個色塊。色塊的顏色是某個隱藏單元在該字母之後的值，從橙色的 -1 到藍色的 1。{' '.join(said)}",
    )


@contextmanager
def live_loss_curve() -> Iterator[None]:
    """在裡面的程式碼執行時，畫出它印出的損失。

    有迭代次數和一個帶小數點的數字的行，不論用什麼字寫，都會畫進同一張不斷更新的圖。印出的東西照樣顯示；stderr 上的進度列留在同一行，不會留下一長串。
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
            if curve is not None:  # 在筆記本之外無法重畫
                curve.update(_loss_figure(points))

    def advance(text: str) -> None:
        if bar is not None:
            bar.update({"text/plain": text}, raw=True)

    with redirect_stdout(_Lines(sys.stdout, watch)), redirect_stderr(_Bar(sys.stderr, advance)):
        yield


class _Lines:
    """把一切往下傳的文字串流，並把每一整行交給 `watch`。"""

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
    """把進度列（以歸位字元開頭）交給 `advance` 的文字串流。"""

    encoding = "utf-8"  # tqdm 會問，以便知道能不能畫平滑的進度列

    def __init__(self, stream: TextIO, advance: Callable[[str], None]) -> None:
        self.stream, self.advance, self.moving = stream, advance, False

    def write(self, text: str) -> int:
        if text.startswith("\r"):
            self.moving = True
            self.advance(text.strip())
        elif text.strip() or not self.moving:  # tqdm 以單獨一個換行字元結束進度列
            self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        self.stream.flush()


def _loss_figure(points: Sequence[tuple[int, float]]) -> Described:
    """到目前為止各次迭代的平滑損失。"""
    fig, ax = plt.subplots(figsize=(8, 3.2), facecolor="white")
    if points:
        iterations, losses = zip(*points, strict=True)
        ax.plot(iterations, losses, "o-", color=BLUE, linewidth=2, markersize=5)
        ax.annotate(f"{losses[-1]:.2f}", points[-1], (0, 9), textcoords="offset points", ha="center", color=BLUE)
    ax.set(xlabel="迭代", ylabel="平滑損失")
    ax.margins(0.06, 0.18)
    ax.grid(color=PALE)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    said = ", ".join(f"第 {iteration} 次迭代 {loss:.2f}" for iteration, loss in points) or "還沒有"
    return _finish(fig, f"平滑損失隨迭代變化的曲線：{said}。")


def _canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """沒有座標軸的空白畫布。"""
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
    """帶標籤的圓角方框，以 (x, y) 為中心。"""
    pad = 0.08 * height
    corner = (x - width / 2 + pad, y - height / 2 + pad)
    shape = FancyBboxPatch(corner, width - 2 * pad, height - 2 * pad, f"round,pad={pad}", fc=colour, ec="none")
    ax.add_patch(shape)
    ax.text(x, y, label, ha="center", va="center", color=text, fontsize=size)


def _arrow(ax: Axes, start: tuple[float, float], end: tuple[float, float], label: str = "") -> None:
    """箭頭，標籤在上方（直立的箭頭則在右側）。"""
    ax.annotate("", end, start, arrowprops=ARROW)
    x, y = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    upright = start[0] == end[0]
    offset, align = ((5, 0), "left") if upright else ((-6, 8), "center")
    ax.annotate(label, (x, y), offset, textcoords="offset points", ha=align, va="center", color=GREY, fontsize=10)


def _finish(fig: Figure, alt: str) -> Described:
    """收緊版面並關閉圖，讓它只在傳回的地方顯示一次。"""
    fig.tight_layout()
    plt.close(fig)
    return Described(fig, alt)
