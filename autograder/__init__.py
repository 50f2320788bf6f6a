"""Grade notebooks: student code in a sandbox, pytest checks outside of it, one Report out."""

import os
import sys

# Where jsonschema finds this package, it compiles a grammar of web addresses: 1.5 s that no notebook needs.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

# Before NumPy is imported: on matrices as small as a course's, more threads than one only wait, and waiting takes time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
