"""`python -m autograder` is the `autograder` command."""

import sys

if __name__ == "__main__" and not sys.flags.safe_path:
    del sys.path[0]  # the current directory, which may be a student's: no module is looked for there

from autograder.cli import main

if __name__ == "__main__":  # worker processes import this module too
    raise SystemExit(main())
