"""Grade notebooks: student code in a sandbox, pytest checks outside of it, one Report out."""

import sys

# Where jsonschema finds this package, it compiles a grammar of web addresses: 1.5 s that no notebook needs.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
