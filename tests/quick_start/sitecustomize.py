"""Half the start of each nbgrader and Jupyter: where jsonschema finds this package, it compiles a grammar for 2 s."""

import sys

sys.modules.setdefault("rfc3987_syntax", None)
