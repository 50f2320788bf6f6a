"""The Chinese font of the pictures, as small as it can be: `python -m benchmarks.font` makes it anew.

It has the characters that it had, and those that the catalogues have come to need. From Debian's fonts-noto-cjk.
"""

from __future__ import annotations

from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

from autograder.languages import read, words
from autograder.pages.pictures import FONT
from benchmarks.catalogues import files, translations

WHOLE = Path("/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc")
TRADITIONAL = 3  # the number of the Traditional Chinese font among those of the file
LEFT_OUT = ["BASE", "GPOS", "GSUB", "VORG", "vhea", "vmtx"]  # for vertical lines, and for pairs of letters


def needed() -> set[int]:
    """The characters of all translations."""
    catalogues = [one for template in files() for one in translations(template)]
    return {ord(char) for one in catalogues for text in words(read(one)).values() for char in text}


def has() -> set[int]:
    """The characters of the font."""
    return set(TTFont(FONT).getBestCmap())


def main() -> None:
    options = subset.Options(font_number=TRADITIONAL, hinting=False, desubroutinize=True, layout_features=[])
    options.drop_tables += LEFT_OUT
    font = subset.load_font(str(WHOLE), options)
    made = subset.Subsetter(options)
    made.populate(unicodes=has() | needed())
    made.subset(font)
    subset.save_font(font, str(FONT), options)
    print(f"{FONT}: {FONT.stat().st_size:,} bytes, {len(font.getBestCmap()):,} characters")


if __name__ == "__main__":
    main()
