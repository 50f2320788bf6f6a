"""Lets nbgrader and Jupyter start in half the time. jsonschema would compile this package's grammar, for 2 s.

Python imports this by itself, from PYTHONPATH (tests/conftest.py). `autograder/__init__.py` does the same for us.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)
