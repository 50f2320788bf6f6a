"""Runs the notebook's visible tests: they say that all is well or, in one sentence, what to look at first.

    run_tests("clip", test_clip_above, test_clip_below)
    run_tests("optimize", test_optimize_loss, uses=["clip"])

A test is a function without arguments that asserts what should be. Jupyter shows the sentence and no traceback.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Sequence
from traceback import walk_tb
from types import CodeType

Test = Callable[[], None]
tests_of: dict[str, tuple[Test, ...]] = {}  # function -> its tests, once their cell has run


def run_tests(function: str, *tests: Test, uses: Sequence[str] = ()) -> None:
    """Run the tests of a function, in order, and print how many it passes.

    uses -- the functions that it calls; where one of them fails its own tests, the sentence is about that one

    Raises what the first test that fails raised, with one sentence in place of its message and traceback.
    """
    tests_of[function] = tests
    error = _first_error(tests)
    if error is None:
        print(f"{function} passes its {len(tests)} tests.")
        return
    sentence = _sentence(function, error)
    for part in uses:
        fault = _first_error(tests_of.get(part, ()))
        if fault is not None:
            sentence = f"`{function}` uses `{part}`, which fails its own tests. Start there. {_sentence(part, fault)}"
            break
        if part not in tests_of:
            sentence += f" Or the mistake is in `{part}`, which `{function}` uses: run its tests first."
            break
    error.args = (sentence,)
    error._render_traceback_ = lambda: [sentence]  # type: ignore[attr-defined] # IPython shows this
    raise error


def _first_error(tests: Sequence[Test]) -> Exception | None:
    for test in tests:
        try:
            test()
        except Exception as error:  # noqa: BLE001 - a student's function may raise anything
            return error
    return None


def _sentence(function: str, error: Exception) -> str:
    """What an error tells about a function: an assertion of ours speaks for itself, for others the line is named."""
    raised = walk_tb(error.__traceback__)
    frames = [(frame, line) for frame, line in raised if frame.f_globals.get("__name__") == "__main__"]
    tests_file = frames[0][0].f_code.co_filename  # the first is the test itself
    theirs = [(frame.f_code, line) for frame, line in frames if frame.f_code.co_filename != tests_file]
    if isinstance(error, AssertionError) and not theirs:
        return str(error)
    if isinstance(error, NotImplementedError):
        return f"`{function}` is not written yet: replace `raise NotImplementedError()` with your code."
    what = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0].rstrip('.')}"
    if not theirs:
        return f"`{function}` does not take, or does not return, what the exercise says. {what}."
    name = next((code.co_name for code, _ in reversed(theirs) if not code.co_name.startswith("<")), function)
    code, number = theirs[-1]
    called, at = next((code, at) for code, at in reversed(theirs) if code.co_filename == theirs[0][0].co_filename)
    line, calling = _line(code, number), _line(called, at)
    if code is called:
        return (
            f"`{name}` stops in line {number} of its cell, `{line}`, with {what}. "
            "Just before that line, print what it uses, and the shapes of its arrays."
        )
    return (
        f"`{name}` stops in line {number} of its cell, `{line}`, with {what}. `{function}` calls it in line {at}, "
        f"`{calling}`: just before that line, print what it is given."
    )


def _line(code: CodeType, number: int) -> str:
    return linecache.getline(code.co_filename, number).strip()
