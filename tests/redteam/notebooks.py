"""Attacks by the notebook file itself: changes that are repaired, and files that are refused."""

import copy
import itertools
import json
import string


def changed(data, change):
    """The notebook in `data` after `change` was done to its JSON."""
    notebook = json.loads(data)
    change(notebook)
    return json.dumps(notebook).encode()


def graded_in(notebook):
    return [cell for cell in notebook["cells"] if cell["metadata"].get("nbgrader", {}).get("grade")]


def set_all_points(notebook):
    for cell in graded_in(notebook):
        cell["metadata"]["nbgrader"] |= {"points": 1000, "locked": False, "grade": False}


def code(source):
    return {"cell_type": "code", "source": source, "metadata": {}}


NAMES = ["".join(letters) for letters in itertools.product(string.ascii_uppercase, repeat=3)][:6000]
GLOBALS = f"def f():\n global {','.join(NAMES)}\n {'='.join(NAMES)}=0"
CALLS = "if 1:\n " + ";".join(["f()"] * 12_000)
ASSIGNMENTS = "\n".join(f"x{number}=[a,b,c,-d]" for number in range(2000))
TABLE = "|a" * 100 + "\n" + "|-" * 100 + "\n" + "|\n" * 9_000


REPAIRED = {
    "points and flags changed": set_all_points,
    "test cells deleted": lambda nb: [nb["cells"].remove(cell) for cell in graded_in(nb)],
    "all metadata lost": lambda nb: [cell.update(metadata={}) for cell in nb["cells"]],
    "every cell twice": lambda nb: nb["cells"].extend(copy.deepcopy(nb["cells"])),
    "cells backwards": lambda nb: nb["cells"].reverse(),
    "foreign kernel": lambda nb: nb["metadata"].update(kernelspec={"name": "../../evil", "display_name": 3}),
    "metadata of wrong types": lambda nb: [cell.update(metadata=[1, "x"]) for cell in nb["cells"]],
    "outputs of wrong types": lambda nb: [cell.update(outputs={"a": 1}) for cell in nb["cells"]],
    "ids of wrong types": lambda nb: [cell.update(id=["x"] * 3) for cell in nb["cells"]],
    "attachments of wrong types": lambda nb: [cell.update(attachments=7) for cell in nb["cells"]],
    "sources as lists": lambda nb: [c.update(source="".join(c["source"]).splitlines(True)) for c in nb["cells"]],
    "damaged cells between": lambda nb: nb["cells"].extend([None, 3, {}, {"cell_type": "code", "source": {}}, []]),
    "unknown cell types": lambda nb: nb["cells"].append({"cell_type": "evil", "source": "x", "metadata": {}}),
    "lone surrogates": lambda nb: nb["cells"].append({"cell_type": "code", "source": "\ud800", "metadata": {}}),
    "null bytes": lambda nb: nb["cells"].append({"cell_type": "code", "source": "\0", "metadata": {}}),
    "a thousand brackets": lambda nb: nb["cells"].append({"cell_type": "code", "source": "(" * 10**5, "metadata": {}}),
    "deep expressions": lambda nb: nb["cells"].append({"cell_type": "code", "source": "-" * 10**5, "metadata": {}}),
    "calls times names": lambda nb: nb.update(cells=[code(GLOBALS), code(CALLS), *nb["cells"]]),
    "much code": lambda nb: nb["cells"].extend(code(f"y = {n}\n{ASSIGNMENTS}") for n in range(6)),
    "shell lines": lambda nb: nb["cells"].append(
        {"cell_type": "code", "source": "!echo > /dev/shm/student\n%reset -f", "metadata": {}}
    ),
}

# What keeps a reader or a renderer busy: a class with one of them must not wait for it.
HEAVY = {
    "forty thousand empty lines": lambda nb: nb["cells"].append(code("\n" * 40_000)),
    "a cell of nine megabytes": lambda nb: nb["cells"].append(code("x" * 9_000_000)),
    "slow Markdown": lambda nb: nb["cells"].extend(
        {"cell_type": "markdown", "source": "![" * 9_990, "metadata": {}} for _ in range(250)
    ),
    "wide tables": lambda nb: nb["cells"].extend(
        {"cell_type": "markdown", "source": TABLE, "metadata": {}} for _ in range(250)
    ),
    "slow formulas": lambda nb: nb["cells"].extend(
        {"cell_type": "markdown", "source": "$" + "{" * 1_900 + "$ $$\\frac" * 400, "metadata": {}} for _ in range(250)
    ),
    "large attachments": lambda nb: nb["cells"].extend(
        {"cell_type": "markdown", "source": "", "metadata": {}, "attachments": {"a": {"image/png": "x" * 9_000_000}}}
        for _ in range(3)
    ),
    "figures of a hundred megabytes": lambda nb: [
        cell.update(outputs=[{"output_type": "display_data", "data": {"image/png": "iVBORw0KGgo" * 250_000}}])
        for cell in nb["cells"] if cell["cell_type"] == "code"
    ],
    "outputs of brackets": lambda nb: nb["cells"][2].update(outputs=[[[[[1]]]]] * 300_000),
    "many magics": lambda nb: nb["cells"].extend(code("%x\n" * 16_000) for _ in range(5)),
}  # fmt: skip
REPAIRED |= HEAVY


REFUSED = {
    "empty": lambda data: b"",
    "blanks": lambda data: b" \n\t",
    "text": lambda data: b"hello",
    "half a notebook": lambda data: data[:5000],
    "a picture": lambda data: b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "invalid UTF-8": lambda data: b'{"cells": [], "nbformat": 4, "x": "\xff\xfe"}',
    "a list": lambda data: b"[]",
    "a number": lambda data: b"4",
    "no cells": lambda data: b'{"nbformat": 4}',
    "cells of a wrong type": lambda data: b'{"nbformat": 4, "cells": {"a": 1}}',
    "an unknown format": lambda data: b'{"nbformat": 99, "cells": []}',
    "a format of a wrong type": lambda data: b'{"nbformat": [4], "cells": []}',
    "nested without end": lambda data: b"[" * 10**6,
    "ten thousand cells and more": lambda data: changed(
        data, lambda nb: nb.update(cells=[{"cell_type": "raw", "source": ""}] * 20_000)
    ),
    "code without end": lambda data: changed(data, lambda nb: nb["cells"].extend([code(ASSIGNMENTS)] * 10)),
    "huge": lambda data: b" " * 30_000_000,
}
