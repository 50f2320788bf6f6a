"""Grade notebooks: student code in a sandbox, pytest checks outside of it, one Report out."""
