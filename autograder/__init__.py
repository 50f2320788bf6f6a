"""Grade notebooks: student code in a sandbox, tests outside of it, one Report out.

What a course's files import from here: `plug_in` in nbgrader_config.py; `assert_same`, `CheckFailed` and `Picture` in
checks.
"""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.grading.compare import CheckFailed, assert_same
    from autograder.grading.report import Picture
    from autograder.plugins.setup import plug_in

__all__ = ["CheckFailed", "Picture", "assert_same", "plug_in"]

# Where jsonschema finds these packages, it compiles grammars of web addresses and times: 2 s that no notebook needs.
for _grammar in ("rfc3987_syntax", "rfc3986_validator", "isoduration"):
    sys.modules.setdefault(_grammar, None)  # type: ignore[arg-type]

# Before NumPy is imported: on matrices as small as a course's, more threads than one only wait, and waiting takes time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# A user without a passwd entry, as Kubernetes has them, may have no home; libraries want one when they are imported.
if "HOME" not in os.environ and os.path.expanduser("~") == "~":
    os.environ["HOME"] = tempfile.gettempdir()

# nbgrader starts `alembic` by its name. It lies beside Python, also where the environment is not activated.
if (_beside := os.path.dirname(sys.executable)) not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join(filter(None, (_beside, os.environ.get("PATH"))))

_HOMES = {
    "CheckFailed": "autograder.grading.compare",
    "Picture": "autograder.grading.report",
    "assert_same": "autograder.grading.compare",
    "plug_in": "autograder.plugins.setup",
}

# What courses of version 0.1 name in their files.
MOVED = {
    "autograder.compare": "autograder",
    "autograder.late": "autograder.plugins.late",
    "autograder.nbgrader_exports": "autograder.plugins.exports",
    "autograder.nbgrader_plugins": "autograder.plugins.grade, .release or .feedback",
    "autograder.nbgrader_setup": "autograder",
    "autograder.report": "autograder",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:  # imported when first used
        return getattr(importlib.import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Moved:
    """Finds no module, but says where one of version 0.1 is now."""

    @staticmethod
    def find_spec(name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name in MOVED:
            raise ImportError(f"{name} is {MOVED[name]} since version 0.2: change the name where it is used", name=name)
        return None


sys.meta_path.append(_Moved)
