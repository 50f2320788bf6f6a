"""The pictures of a feedback page: plain data from a check, drawn by matplotlib."""

from __future__ import annotations

import base64
import io
import json
import math
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from autograder.grading.report import Picture
from autograder.messages import render, said, translated

COLOURS = ("#9aa5ad", "#d55e00")  # what was expected, and the student's: told apart without colour vision too
MARKERS = ("o", "x")
FONT = Path(__file__).parent / "fonts" / "NotoSansCJKtc-subset.otf"
FAMILIES = ["DejaVu Sans", "Noto Sans CJK TC"]  # of each character the first that has it
LARGEST = 1e12  # what is larger, or infinite, is left out: no axis holds it


def png(picture: Picture) -> str:
    """The picture as base64 text of a PNG file, as notebooks store it."""
    return _drawn(json.dumps(_in_words(picture)), said("the band"))


def title(picture: Picture) -> str:
    """What is written above it."""
    return translated(picture.title) if isinstance(picture.title, str) else render(picture.title)


def _in_words(picture: Picture) -> dict[str, Any]:
    """The picture as plain data, with its words in the language that is spoken."""
    return asdict(picture) | {
        "title": title(picture),
        "x_label": translated(picture.x_label),
        "y_label": translated(picture.y_label),
        "x": [translated(one) if isinstance(one, str) else one for one in picture.x],
        "series": {translated(name): values for name, values in picture.series.items()},
    }


@lru_cache(maxsize=100)  # whoever makes the same mistake gets the same picture, and drawing one takes 0.1 s
def _drawn(data: str, band: str) -> str:
    from matplotlib import rc_context  # a third of what would be imported at every start; most have no picture

    with rc_context(with_our_font()):
        return _png(Picture(**json.loads(data)), band)


def with_our_font() -> dict[Any, Any]:
    """The setting of matplotlib with which it draws Chinese characters too."""
    from matplotlib.font_manager import fontManager

    if FONT.name not in {Path(one.fname).name for one in fontManager.ttflist}:
        fontManager.addfont(FONT)
    return {"font.family": FAMILIES}


def _png(picture: Picture, band: str) -> str:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 2.6))
    figure.subplots_adjust(left=0.12, right=0.98, top=0.89, bottom=0.2)  # a layout engine takes as long as the rest
    axes = figure.add_subplot(xlabel=picture.x_label, ylabel=picture.y_label)
    axes.set_title(title(picture), fontsize="medium", loc="left", y=1)  # to look for its place takes long, as ticks do
    axes.locator_params(nbins=5)
    for number, (name, numbers) in enumerate(picture.series.items()):
        values = [one if abs(one) < LARGEST else math.nan for one in numbers]
        colour, marker = COLOURS[number % 2], MARKERS[number % 2]
        if picture.kind == "bars":
            places = [place + 0.4 * number - 0.2 for place in range(len(values))]
            axes.bar(places, values, 0.4, color=colour, label=name)
        else:
            line = "-" if picture.kind == "lines" else ""
            axes.plot(picture.x, values, marker + line, color=colour, label=name, markersize=5)
    if picture.kind == "bars":
        axes.set_xticks(range(len(picture.x)), [str(one) for one in picture.x])
    if picture.band is not None:
        axes.axhspan(picture.band[0], picture.band[1], color="#0072b2", alpha=0.12, label=band)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize="small")
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110, metadata={"Software": None})
    return base64.b64encode(file.getvalue()).decode("ascii")
