"""執行筆記本裡看得見的測試：它們會說一切正常，或者用一句話說先看哪裡。

    run_tests("clip", test_clip_above, test_clip_below)
    run_tests("optimize", test_optimize_loss, uses=["clip"])

測試是沒有引數的函式，斷言應有的結果。Jupyter 只顯示那句話，不顯示追蹤訊息。
"""

from __future__ import annotations

import linecache
from collections.abc import Callable, Sequence
from traceback import walk_tb
from types import CodeType

Test = Callable[[], None]
tests_of: dict[str, tuple[Test, ...]] = {}  # 函式 -> 它的測試，在測試儲存格執行過之後


def run_tests(function: str, *tests: Test, uses: Sequence[str] = ()) -> None:
    """依序執行一個函式的測試，並印出通過了幾項。

    uses -- 它呼叫的函式；其中若有函式通不過自己的測試，那句話就說那個函式

    第一個失敗的測試引發什麼，就引發什麼，但訊息和追蹤訊息換成一句話。
    """
    tests_of[function] = tests
    error = _first_error(tests)
    if error is None:
        print(f"{function} 通過了 {len(tests)} 項測試。")
        return
    sentence = _sentence(function, error)
    for part in uses:
        fault = _first_error(tests_of.get(part, ()))
        if fault is not None:
            sentence = f"`{function}` 用到 `{part}`，而 `{part}` 通不過自己的測試。請從那裡開始。{_sentence(part, fault)}"
            break
        if part not in tests_of:
            sentence += f"或者錯誤在 `{function}` 用到的 `{part}` 裡：請先執行它的測試。"
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
    """一個錯誤說明了函式的什麼：我們的斷言自己會說話，其他的則指出是哪一行。"""
    raised = walk_tb(error.__traceback__)
    frames = [(frame, line) for frame, line in raised if frame.f_globals.get("__name__") == "__main__"]
    tests_file = frames[0][0].f_code.co_filename  # 第一個是測試本身
    theirs = [(frame.f_code, line) for frame, line in frames if frame.f_code.co_filename != tests_file]
    if isinstance(error, AssertionError) and not theirs:
        return str(error)
    if isinstance(error, NotImplementedError):
        return f"`{function}` 還沒有寫：請把 `raise NotImplementedError()` 換成你的程式碼。"
    what = f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0].rstrip('.')}"
    if not theirs:
        return f"`{function}` 收的或傳回的東西和練習說的不同。{what}。"
    name = next((code.co_name for code, _ in reversed(theirs) if not code.co_name.startswith("<")), function)
    code, number = theirs[-1]
    called, at = next((code, at) for code, at in reversed(theirs) if code.co_filename == theirs[0][0].co_filename)
    line, calling = _line(code, number), _line(called, at)
    if code is called:
        return (
            f"`{name}` 停在它的儲存格的第 {number} 行 `{line}`：{what}。請在那一行之前印出它用到的東西，以及其中陣列的形狀。"
        )
    return (
        f"`{name}` 停在它的儲存格的第 {number} 行 `{line}`：{what}。`{function}` 在第 {at} 行 `{calling}` 呼叫它：請在那一行之前印出交給它的東西。"
    )


def _line(code: CodeType, number: int) -> str:
    return linecache.getline(code.co_filename, number).strip()
