"""A notebook's own test cells, run in the judge: what a kernel passes passes, and no lie earns anything."""

import json
import shutil
import subprocess
import sys

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from autograder.errors import CannotGrade
from autograder.grading.assignment import load_assignment
from autograder.grading.cells import Calibration, calibrate
from autograder.grading.checks import grade
from autograder.messages import render
from autograder.sandbox.process import Limits

LIMITS = Limits(seconds_per_call=3, seconds_per_submission=60, memory_mb=512)


def cell(source, grade_id=None, *, points=None):
    """A code cell; with points an autograded test cell, with a grade_id alone a solution cell."""
    if grade_id is None:
        return new_code_cell(source)
    mark = {"grade_id": grade_id, "grade": points is not None, "solution": points is None, "locked": points is not None}
    if points is not None:
        mark["points"] = points
    return new_code_cell(source, metadata={"nbgrader": {**mark, "schema_version": 3}})


@pytest.fixture
def course(tmp_path):
    """A function that makes an assignment of cells: solution, test cells, and what else stands there."""

    def make(solution, *tests, before="", points=2, files=()):
        folder = tmp_path / "source" / "ps1"
        folder.mkdir(parents=True, exist_ok=True)
        (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
        cells = [cell(before), cell(solution, "solution")]
        cells += [cell(test, f"test-{number}", points=points) for number, test in enumerate(tests, 1)]
        nbformat.write(new_notebook(cells=cells), folder / "ps1.ipynb")
        for name, text in files:
            (folder / name).write_text(text)
        return calibrate(load_assignment("ps1", tmp_path), LIMITS)

    return make


def graded(assignment, solution=None):
    """The checks of the assignment, or its only one, for a student's solution; the source's, where none is given."""
    notebook = nbformat.read(assignment.source, as_version=4)
    if solution is not None:
        notebook.cells[1].source = solution
    checks = grade(json.dumps(notebook).encode(), assignment, 1, LIMITS).checks
    return checks if len(checks) > 1 else checks[0]


def inside(assignment):
    """Which test cells can be judged in the worker only, and why."""
    return Calibration.from_plain(json.loads(assignment.calibration)).inside


TRAPS = {
    "plain values": ("def f(n): return [n, n**2]", "assert f(3) == [3, 9] and f(2)[-1] == 4"),
    "a variable": ("x = {'a': (1, 2)}", "assert x['a'] == (1, 2) and type(x) is dict and isinstance(x, dict)"),
    "arrays": ("def f(a): return a * 2", "import numpy as np\nnp.testing.assert_allclose(f(np.arange(3)), [0, 2, 4])"),
    "a changed argument": ("def f(a): a.append(1)", "a = []\nf(a)\nf(a)\nassert a == [1, 1]"),
    "a changed array": (
        "def f(a): a[0] = 9",
        "import numpy as np\na = np.zeros(2)\nf(a)\nassert a.tolist() == [9, 0]",
    ),
    "the same object": ("def f(a): return a", "a = [1]\nassert f(a) is a and f(a) == [1]"),
    "type is": ("def f(): return 1.5", "assert type(f()) is float and type(f()) == float\nassert type('x') is str"),
    "a fetched list is changed": ("x = [1]\ndef f(): return len(x)", "x.append(2)\nassert f() == 2 and x == [1, 2]"),
    "an exception of Python's": (
        "def f(n):\n    if n < 0: raise ValueError('negative')",
        "try:\n    f(-1)\nexcept ValueError as e:\n    assert str(e) == 'negative'\nelse:\n    raise AssertionError",
    ),
    "pytest.raises": (
        "def f(d): return d['x']",
        "import pytest\nwith pytest.raises(KeyError):\n    f({})",
    ),
    "an exception of the student's": (
        "class Mine(Exception): pass\ndef f(): raise Mine('no')",
        "try:\n    f()\nexcept Mine as e:\n    assert str(e) == 'no'",
    ),
    "a class": (
        "class Dog:\n    def __init__(self, name): self.name = name\n    def bark(self): return self.name + '!'",
        "d = Dog('Rex')\nassert d.bark() == 'Rex!' and isinstance(d, Dog) and type(d) == Dog\n"
        "assert hasattr(d, 'name') and not hasattr(d, 'age')\nd.name = 'Bo'\nassert d.bark() == 'Bo!'",
    ),
    "operators of a class": (
        "class V:\n    def __init__(self, x): self.x = x\n    def __add__(self, o): return V(self.x + o.x)\n"
        "    def __eq__(self, o): return self.x == o.x\n    def __len__(self): return 3\n"
        "    def __getitem__(self, i): return self.x * i\n    def __repr__(self): return f'V({self.x})'",
        "assert V(1) + V(2) == V(3) and len(V(1)) == 3 and V(2)[4] == 8 and repr(V(1)) == 'V(1)' and str(V(2)) == 'V(2)'",
    ),
    "a subclass": (
        "class A: pass\nclass B(A): pass",
        "assert issubclass(B, A) and isinstance(B(), A) and B.__name__ == 'B' and not isinstance(A(), B)",
    ),
    "a generator": ("def f():\n    yield 1\n    yield 2", "assert list(f()) == [1, 2]\ng = f()\nassert next(g) == 1"),
    "a closure": ("def adder(n): return lambda x: x + n", "assert adder(2)(3) == 5 and callable(adder(1))"),
    "a callback": (
        "def apply(f, xs): return [f(x) for x in xs]",
        "calls = []\ndef f(x):\n    calls.append(x)\n    return x + 1\nassert apply(f, [1, 2]) == [2, 3] and calls == [1, 2]",
    ),
    "a library's function": ("def apply(f, x): return f(x)", "import numpy as np\nassert apply(np.sqrt, 4) == 2"),
    "prints": (
        "def f(): print('hello')",
        "import io, contextlib\nout = io.StringIO()\nwith contextlib.redirect_stdout(out):\n    f()\n"
        "assert out.getvalue() == 'hello\\n'",
    ),
    "input": (
        "def f(): return int(input('n: ')) + 1",
        "from unittest.mock import patch\nwith patch('builtins.input', lambda _: '4'):\n    assert f() == 5",
    ),
    "source text": (
        "def f(xs):\n    for x in xs: pass",
        "import inspect\nassert 'for' in inspect.getsource(f) and list(inspect.signature(f).parameters) == ['xs']",
    ),
    "seeds": (
        "import numpy as np\ndef f(): return np.random.rand()",
        "import numpy as np\nnp.random.seed(3)\na = np.random.rand()\nb = f()\nnp.random.seed(3)\n"
        "assert [a, b] == np.random.rand(2).tolist()",
    ),
    "the student's name is taken away": (
        "def g(): return 1\ndef f(): return g()",
        "old = g\ndel g\ntry:\n    f()\nexcept NameError:\n    pass\nelse:\n    raise AssertionError\ng = old\nassert f() == 1",
    ),
    "the student's name is given another value": (
        "def g(): return 1\ndef f(): return g() + 1",
        "g = lambda: 10\nassert f() == 11",
    ),
    "decimals, fractions, dates, sets": (
        "import datetime\nfrom decimal import Decimal\nfrom fractions import Fraction\n"
        "def f(): return Decimal('1.1'), Fraction(1, 3), datetime.date(2020, 1, 2), {1, 2}, 2 + 1j, b'x', 2**100",
        "from decimal import Decimal\nfrom fractions import Fraction\nimport datetime\n"
        "assert f() == (Decimal('1.1'), Fraction(1, 3), datetime.date(2020, 1, 2), {2, 1}, 2 + 1j, b'x', 2**100)",
    ),
    "a hash of a table": (
        "import pandas as pd\ndf = pd.DataFrame({'a': pd.Categorical(['x', 'y']), 'b': [1.5, None]}, index=[3, 4])",
        "import hashlib\nassert hashlib.md5(str(df).encode()).hexdigest() == hashlib.md5(df.to_string().encode()).hexdigest()"
        "\nassert df.b.isna().sum() == 1 and str(df.a.dtype) == 'category'",
    ),
    "a table that is changed": (
        "def f(df): df['b'] = df['a'] * 2",
        "import pandas as pd\ndf = pd.DataFrame({'a': [1, 2]})\nf(df)\nassert df['b'].tolist() == [2, 4]",
    ),
    "figures": (
        "import matplotlib.pyplot as plt\ndef draw():\n    plt.figure()\n    plt.plot([1, 2], [3, 4])\n    plt.title('t')",
        "import matplotlib.pyplot as plt\ndraw()\nax = plt.gca()\nassert ax.get_title() == 't' and len(ax.lines) == 1\n"
        "assert ax.lines[0].get_xdata().tolist() == [1, 2]",
    ),
    "a figure that another cell drew": (
        "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()\nplt.plot([1, 2])\nax = plt.gca()",
        "import matplotlib.pyplot as plt\nassert len(ax.lines) == 1 and not plt.gca().lines",
    ),
    "an import that was asked for": ("from math import comb as choose", "assert choose(4, 2) == 6"),
    "top-level await": ("async def f(): return 3", "assert await f() == 3"),
    "globals": ("x = 5", "assert 'x' in globals() and globals()['x'] == 5 and 'x' in dir()"),
    "a magic": ("%matplotlib inline\ndef f(): return 1", "%time\nassert f() == 1"),
    "unittest": (
        "def f(n): return n + 1",
        "import unittest\nclass T(unittest.TestCase):\n    def test_f(self):\n        self.assertEqual(f(1), 2)\n"
        "result = unittest.TextTestRunner().run(unittest.defaultTestLoader.loadTestsFromTestCase(T))\n"
        "assert result.wasSuccessful() and result.testsRun == 1",
    ),
}


@pytest.mark.parametrize("trap", TRAPS)
def test_what_passes_in_a_kernel_passes_in_the_judge(course, trap):
    solution, test = TRAPS[trap]
    assignment = course(solution, test)
    assert inside(assignment) == {}
    assert graded(assignment).points == 2, graded(assignment).message
    assert graded(assignment, "").points == 0


LIAR = """
class Liar:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __lt__(self, other): return True
    __le__ = __gt__ = __ge__ = __lt__
    def __bool__(self): return True
    def __hash__(self): return 0
    def __contains__(self, item): return True
    def __abs__(self): return 0
    def __add__(self, other): return 0
    __sub__ = __rsub__ = __radd__ = __mul__ = __rmul__ = __truediv__ = __mod__ = __add__
    def __call__(self, *a, **k): return self
    def __getattr__(self, name): return self
    def __len__(self): return 3
    def __iter__(self): return iter(())
    def __getitem__(self, key): return self
    def __float__(self): return 0.0
    def __round__(self, n=0): return 0
    def __repr__(self): return '[1, 4, 9]'
"""
ASSERTIONS = [
    "assert f(3) == [1, 4, 9]",
    "assert [1, 4, 9] == f(3)",
    "assert not f(3) != [1, 4, 9]",
    "assert f(3) <= [1, 4, 9]",
    "assert all(a == b for a, b in zip(f(3), [1, 4, 9])) and len(f(3)) == 3",
    "r = f(3)\nassert len(r) == 3\nfor i in range(3):\n    assert r[i] == (i + 1)**2",
    "assert 9 in f(3) and 4 in f(3)",
    "assert f(3).count(9) == 1",
    "assert f(3).index(9) == 2",
    "assert sum(f(3)) == 14",
    "import numpy as np\nnp.testing.assert_allclose(f(3), [1, 4, 9])",
    "import numpy as np\nassert np.allclose(f(3), [1, 4, 9])",
    "import numpy as np\nassert np.array_equal(f(3), [1, 4, 9])",
    "import numpy as np\nassert np.abs(np.array(f(3)) - np.array([1, 4, 9])).max() < 1e-9",
    "assert abs(f(3)[2] - 9) < 1e-9",
    "import unittest\nunittest.TestCase().assertEqual(f(3), [1, 4, 9])",
    "import unittest\nunittest.TestCase().assertListEqual(f(3), [1, 4, 9])",
    "assert sorted(f(3)) == [1, 4, 9]",
    "assert max(f(3)) == 9",
    "assert {*f(3)} == {1, 4, 9}",
    "assert f(3)[-1] == 9",
    "assert f(3) in ([1, 4, 9], (1, 4, 9))",
]


def test_an_object_that_equals_everything_earns_nothing(course):
    assignment = course("def f(n): return [i**2 for i in range(1, n + 1)]", *ASSERTIONS)
    assert inside(assignment) == {}
    assert {check.points for check in graded(assignment)} == {2}
    for lie in ("Liar()", "[Liar()] * n", "[Liar(), Liar(), Liar()]", "{Liar(): Liar()}", "(Liar() for _ in range(n))"):
        earned = {ASSERTIONS[place]: check.points for place, check in
                  enumerate(graded(assignment, f"{LIAR}def f(n): return {lie}"))}  # fmt: skip
        assert {*earned.values()} == {0}, (lie, earned)


@pytest.mark.parametrize("kind", ["list", "tuple", "dict", "int", "str"])
def test_nor_does_one_that_is_derived_from_what_is_expected(course, kind):
    value = {"list": [1, 4], "tuple": (1, 4), "dict": {1: 4}, "int": 14, "str": "14"}[kind]
    assignment = course(f"def f(): return {value!r}", f"r = f()\nassert isinstance(r, {kind})\nassert r == {value!r}")
    liar = LIAR.replace("class Liar:", f"class Liar({kind}):")
    assert graded(assignment, f"{liar}def f(): return Liar()").points == 0
    assert graded(assignment, f"{liar}def f(): return {kind}({value!r})").points == 2
    assert graded(assignment, f"{liar}def f(): return Liar({value!r})").points == 2  # it is what it should be


ATTACKS = {
    "patched np.testing": (
        "import numpy as np\nnp.testing.assert_allclose = lambda *a, **k: None\nnp.allclose = lambda *a: True\n"
        "def f(n): return [0]"
    ),
    "patched builtins": "import builtins\nbuiltins.all = builtins.any = lambda *a: True\ndef f(n): return [0]",
    "functions of Python's": LIAR
    + "def list(x): return Liar()\ndef all(x): return True\nabs = len = sum = list\ndef f(n): return [0]",
    "libraries": "class np:\n    class testing:\n        assert_allclose = lambda *a: None\ndef f(n): return [0]",
    "the end of the test's loop": "def f(n): raise StopIteration",
    "the test is skipped": "import unittest\ndef f(n): raise unittest.SkipTest",
    "the test's own names": "def f(n):\n    global expected\n    return expected",
    "a name that waits for the answer": "expected = None\ndef f(n): return expected",
    "a look at the caller": (
        "import sys\ndef f(n):\n    frame = sys._getframe()\n    while frame:\n"
        "        if 'expected' in frame.f_globals: return frame.f_globals['expected']\n        frame = frame.f_back"
    ),
    "an endless iterator": "import itertools\ndef f(n): return itertools.count()",
    "a huge range": "def f(n): return range(10**18)",
    "a huge number": "from decimal import Decimal\ndef f(n): return [Decimal('1e999999999')] * 3",
    "an endless call": "def f(n):\n    while True: pass",
    "the end of the process": "import os\ndef f(n): os._exit(0)",
    "an exit": "def f(n): raise SystemExit",
    "much memory": "def f(n): return bytearray(1 << 40)",
    "a class that it is not": "class F:\n    __class__ = list\ndef f(n): return F()",
    "a forged repr": "class F:\n    def __repr__(self): return '[1, 4, 9]'\n    __str__ = __repr__\ndef f(n): return F()",
    "a lie of __array__": (
        "import numpy as np\nclass F:\n    def __array__(self, *a, **k): return np.zeros(3)\n"
        "    def __array_ufunc__(self, *a, **k): return True\ndef f(n): return F()"
    ),
    "talk to the judge": (
        "import os\nfor fd in range(3, 30):\n    try: os.write(fd, b'\\0\\0\\0\\x05!abcd' * 99)\n    except OSError: pass\n"
        "def f(n): return [0]"
    ),
    "a forged answer": (
        "import sys, gc\npeer = next(o for o in gc.get_objects() if type(o).__name__ == 'Student')\n"
        "def f(n): return peer.ask('getattr', peer, '__globals__')\n"
    ),
    "mock's ANY": "from unittest import mock\ndef f(n): return mock.ANY",
    "nested lies": LIAR + "def f(n): return [[Liar()], Liar()]",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_earn_nothing_and_take_nobody_down(course, attack):
    test = (
        "import numpy as np\nexpected = [1, 4, 9]\nassert list(f(3)) == expected\n"
        "np.testing.assert_allclose(f(3), expected)\n### BEGIN HIDDEN TESTS\nassert f(2) == [1, 4]\n### END HIDDEN TESTS"
    )
    assignment = course("def f(n): return [i**2 for i in range(1, n + 1)]", test)
    check = graded(assignment, ATTACKS[attack])
    assert (check.points, check.state) == (0, "failed")
    assert "[1, 4" not in render(check.message)


def test_what_the_student_calls_like_something_of_the_tests_is_not_that(course):
    assignment = course(
        "import numpy as np\ndef f(n): return [n]",
        "from unittest import TestCase\nsame = TestCase().assertEqual\nassert all([np.allclose(f(1), [1])])",
        "same(f(2), [2])\nassert list(map(f, [1])) == [[1]]\nassert all(a == b for a, b in zip(map(f, [1]), [[1]]))",
    )
    assert inside(assignment) == {}
    assert [check.points for check in graded(assignment)] == [2, 2]
    for cheat in (
        "class np:\n    allclose = lambda *a: True\n",
        "def all(x): return True\ndef same(*a): pass\ndef map(*a): return [[1]]\n",
        "import numpy as np\nnp.allclose = lambda *a: True\n",
        "import unittest\nunittest.TestCase.assertEqual = lambda *a: None\n",
    ):
        assert [check.points for check in graded(assignment, f"{cheat}def f(n): return [0]")] == [0, 0], cheat
    assert [check.points for check in graded(assignment, "def f(n): raise StopIteration")] == [0, 0]


def test_a_function_that_the_course_names_like_pythons_is_the_students(course):
    assignment = course("def sum(xs): return 7", "assert sum([1]) == 7")
    assert graded(assignment).points == 2
    assert graded(assignment, "").points == 0


def test_an_import_that_was_asked_for_is_the_students_to_make(course):
    assignment = course(
        "from math import comb as choose\nimport math", "assert choose.__name__ == 'comb' and math.pi > 3"
    )
    assert inside(assignment) == {}
    for answer, points in (
        ("from math import comb as choose\nimport math", 2),
        ("import math\nchoose = math.comb", 2),
        ("from math import comb as choose", 0),
        ("import math\nfrom math import perm as choose", 0),
        ("import math\ndef choose(): pass\nchoose.__name__ = 'comb'", 0),
        ("from math import comb as choose\nmath = 4", 0),
    ):
        assert graded(assignment, answer).points == points, answer


def test_what_a_test_cell_imports_the_cells_below_may_use(course, tmp_path):
    course("x = 1", "assert x")
    cells = [cell("x = 1", "first"), cell("import math\nassert x == 1", "test-1", points=1),
             cell("y = math.pi", "second"), cell("assert 3 < y < 4", "test-2", points=1), cell("import math")]  # fmt: skip
    nbformat.write(new_notebook(cells=cells), tmp_path / "source" / "ps1" / "ps1.ipynb")
    assignment = calibrate(load_assignment("ps1", tmp_path), LIMITS)
    assert inside(assignment) == {} and [check.points for check in graded(assignment)] == [1, 1]


def test_the_text_of_a_class_is_that_of_the_class_so_far(course, tmp_path):
    course("x = 1", "assert x")
    test = "import inspect\nassert 'print(' in inspect.getsource(A.f)"
    cells = [cell("class A:\n    def f(self): print(1)", "first"), cell(test, "test-1", points=1),
             cell("class A:\n    def f(self): return 1", "second")]  # fmt: skip
    nbformat.write(new_notebook(cells=cells), tmp_path / "source" / "ps1" / "ps1.ipynb")
    assignment = calibrate(load_assignment("ps1", tmp_path), LIMITS)
    assert inside(assignment) == {}


def test_a_callback_that_calls_back_for_ever_ends(course):
    assignment = course("def f(g): return g(1)", "assert f(lambda x: x + 1) == 2\ndef g(x):\n    return f(g) if x else 0\n"
                        "try:\n    f(g)\nexcept RecursionError:\n    pass")  # fmt: skip
    assert graded(assignment).points == 2
    assert graded(assignment, "def f(g):\n    while True: g(0)").points == 0


def test_students_code_may_not_ask_a_test_for_more_than_it_gives(course):
    assignment = course(
        "def f(g): return g(1)", "secret = 42\ndef g(x): return x\nassert f(g) == 1\nassert f(lambda x: secret) == 42"
    )
    for theft in ("g.__globals__['secret']", "g.__code__.co_consts", "g.__closure__", "g.f_globals"):
        assert (
            graded(assignment, f"def f(g):\n    try: return {theft}\n    except AttributeError: return None").points
            == 0
        )


def test_text_of_the_students_is_not_run_outside(course):
    assignment = course("def f(): return '1 + 1'", "assert eval(f()) == 2")
    assert "would be run" in inside(assignment)["test-1"]
    assert graded(assignment).points == 2
    assert graded(assignment, "def f(): return '3'").points == 0


def test_a_file_that_the_student_names_is_not_opened_outside(course):
    assignment = course(
        "def f(): return open('a.txt').read()", "assert f() == open('a.txt').read()", files=[("a.txt", "hello")]
    )
    assert inside(assignment) == {}
    assert graded(assignment).points == 2
    named = course("name = 'a' + '.txt'", "assert open(name).read() == 'hello'", files=[("a.txt", "hello")])
    assert "would be opened" in inside(named)["test-1"]


def test_helpers_of_the_course_come_from_the_source_notebook(course):
    before = "TABLE = {'a': 1}\ndef same(a, b):\n    assert a == b, f'{a} is not {b}'"
    assignment = course("def f(x): return TABLE[x]", "same(f('a'), 1)", before=before)
    cheat = "def same(a, b): pass\nTABLE['a'] = 2\ndef f(x): return TABLE[x]"
    assert graded(assignment, cheat).points == 0
    assert "2 is not 1" in render(graded(assignment, cheat).message)


def test_helper_modules_beside_the_notebook_are_imported_outside(course):
    module = [("helper.py", "def check(f):\n    assert f(2) == 4\n")]
    assignment = course("def f(x): return x * 2", "from helper import check\ncheck(f)", files=module)
    assert graded(assignment).points == 2
    assert graded(assignment, "import helper\nhelper.check = lambda f: None\ndef f(x): return 0").points == 0


def test_partial_credit_is_the_last_value(course):
    assignment = course("x = 2", "min(x, 5)", points=2)
    assert graded(assignment).points == 2
    check = graded(assignment, "x = 0.5")
    assert (check.points, check.state) == (0.5, "failed")
    assert graded(assignment, "x = 3").points == 0  # more than the cell has
    assert graded(assignment, "x = float('nan')").points == 0
    assert graded(assignment, "class X(float): pass\nx = X(2)").points in (0, 2)


def test_what_a_hidden_test_says_is_not_shown(course):
    test = "assert f(1) == 1\n### BEGIN HIDDEN TESTS\nassert f(7) == 49, 'f(7) is 49'\n### END HIDDEN TESTS"
    assignment = course("def f(n): return n**2", test)
    message = render(graded(assignment, "def f(n): return n").message)
    assert message == "A hidden test failed."
    shown = render(graded(assignment, "def f(n): return 0").message)
    assert "`assert f(1) == 1`" in shown and "49" not in shown


def test_hidden_tests_are_hidden_wherever_in_a_line_nbgrader_finds_their_marks(course):
    test = "assert f(1) == 1\n## -- BEGIN HIDDEN TESTS --\nassert f(7) == 49, 'f(7) is 49'\n# (END HIDDEN TESTS)"
    assert (
        render(graded(course("def f(n): return n**2", test), "def f(n): return n").message) == "A hidden test failed."
    )


def test_a_courses_own_words_for_hidden_tests_hide_them(course, tmp_path):
    test = "assert f(1) == 1\n# BEGIN SECRET\nassert f(7) == 49, 'f(7) is 49'\n# END SECRET"
    course("def f(n): return n**2", test)
    config = (
        "c = get_config()\nc.ClearHiddenTests.begin_test_delimeter = 'BEGIN SECRET'\n"
        "c.ClearHiddenTests.end_test_delimeter = 'END SECRET'\n"
    )
    (tmp_path / "nbgrader_config.py").write_text(config)
    message = render(graded(calibrate(load_assignment("ps1", tmp_path), LIMITS), "def f(n): return n").message)
    assert message == "A hidden test failed."


def test_one_test_cell_that_never_ends_costs_no_other(course, tmp_path):
    course("x = 1", "assert x")
    cells = [
        cell("def f(n): return n\ndef g(n): return n", "solution"),
        cell("assert f(1) == 1", "one", points=1),
        cell("assert g(2) == 2", "two", points=1),
        cell("import os\ndef h(): return 3", "more"),
        cell("assert h() == 3", "three", points=1),
    ]
    path = tmp_path / "source" / "ps1" / "ps1.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    assignment = load_assignment("ps1", tmp_path)
    for wrong in ("while True: pass", "import os; os._exit(1)"):
        cells[0].source = f"def f(n): \n    {wrong}\ndef g(n): return n"
        report = grade(nbformat.writes(new_notebook(cells=cells)).encode(), assignment, 1, LIMITS)
        assert [check.points for check in report.checks] == [0, 1, 1], wrong


@pytest.mark.parametrize(("timeout", "points"), [("2", 0), ("30", 2), ("None", 2)])
def test_the_courses_own_timeout_of_a_cell_is_heeded(course, tmp_path, timeout, points):
    assignment = course("def f(): return 1", "assert f() == 1")
    (tmp_path / "nbgrader_config.py").write_text(f"c = get_config()\nc.ExecutePreprocessor.timeout = {timeout}\n")
    notebook = nbformat.read(assignment.source, as_version=4)
    notebook.cells[1].source = "import time\ntime.sleep(4)\ndef f(): return 1"
    handed_in = tmp_path / "handed-in.ipynb"
    nbformat.write(notebook, handed_in)
    command = [sys.executable, "-m", "autograder", "check", "--json", "--assignment", "ps1", str(handed_in)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert json.loads(done.stdout)["functions"]["1"]["score"] == points, done.stdout


def test_a_solution_that_fails_its_own_tests_stops_grading_with_the_cell(course):
    with pytest.raises(CannotGrade, match="test-1"):
        graded(course("def f(): return 1", "assert f() == 2"))


def test_modules_beside_the_notebook_may_hand_out_objects_of_their_classes(course):
    module = "class Fruit:\n    def __init__(self, n): self.n = n\n    def price(self): return 2 * self.n\n" \
             "def check(f):\n    fruit = Fruit(3)\n    assert f([fruit]) == 6 and fruit.n == 0\n"  # fmt: skip
    solution = "def f(all):\n    total = sum(one.price() for one in all)\n    all[0].n = 0\n    return total"
    assignment = course(solution, "from helper import check\ncheck(f)", files=[("helper.py", module)])
    assert inside(assignment) == {}
    assert graded(assignment).points == 2
    assert graded(assignment, "def f(all): return all[0].price.__func__.__globals__").points == 0


def test_marks_without_a_name_are_none(course):
    assignment = course("x = 1", "assert x")
    notebook = nbformat.read(assignment.source, as_version=4)
    notebook.cells[0].metadata["nbgrader"] = {"solution": False}
    nbformat.write(notebook, assignment.source)
    assert graded(calibrate(load_assignment("ps1", assignment.root), LIMITS)).points == 2


def test_check_finds_the_notebook_by_its_cells(course, tmp_path):
    course("def f(): return 1", "# f is one\nassert f() == 1")
    other = tmp_path / "source" / "ps2"
    other.mkdir()
    for name in ("a", "b"):
        cells = [cell("x = 1", f"{name}-solution"), cell("assert x == 1", f"{name}-test", points=1)]
        nbformat.write(new_notebook(cells=cells), other / f"{name}.ipynb")
    handed_in = tmp_path / "renamed.ipynb"
    handed_in.write_bytes((other / "b.ipynb").read_bytes())
    command = [sys.executable, "-m", "autograder", "check", str(handed_in), "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True)
    summary = json.loads(done.stdout)
    assert (summary["assignment"], summary["notebook"], summary["score"]) == ("ps2", "b", 1)
    assert [*summary["functions"]] == ["b-test"]


def test_a_name_that_is_missing_is_explained_by_the_cell_that_should_define_it(course):
    assignment = course("def f(n): return m.floor(n)", "assert f(1.5) == 1", before="import math as m")
    notebook = nbformat.read(assignment.source, as_version=4)
    notebook.cells[0].source = "import pandaz, math as m"
    (check,) = grade(nbformat.writes(notebook).encode(), assignment, 1, LIMITS).checks
    assert render(check.message).startswith(
        "`assert f(1.5) == 1` stopped with NameError: name 'm' is not defined. The reason: cell 1 stopped with "
        "ModuleNotFoundError: No module named 'pandaz', in line 1: `import pandaz, math as m`."
    )
    unreadable = render(graded(assignment, "def f(n) return 1").message)
    assert unreadable.endswith("name 'f' is not defined. The reason: Python cannot read cell 2, line 1: expected ':'.")


BROKEN = {
    "a line to the left of its block": "if 1:\n        m = 1\n    m = 2",
    "tabs and spaces": "if 1:\n        m = 1\n\tm = 2",
    "a magic beside it": "%matplotlib inline\nif 1:\n        m = 1\n    m = 2",
    "a bracket that is not closed": "m = (1",
    "a text that is not closed": "m = '''1",
    "a character that no code can hold": "m = 1\0",
    "half a character": "m = '\ud800'",
    "nested too deep": "m = " + "-" * 40_000 + "1",
    "many brackets": "m = " + "(" * 300 + ")" * 300,
    "prose": "I couldn't finish this, sorry!",
    "a backslash": "m = 1 \\",
}


@pytest.mark.parametrize("source", BROKEN.values(), ids=BROKEN)
def test_a_cell_that_python_cannot_read_costs_only_what_needs_it(course, source):
    assignment = course("def f(n): return n", "assert f(1) == 1")
    assert "name 'f' is not defined" in render(graded(assignment, source).message)
    notebook = nbformat.read(assignment.source, as_version=4)
    content = json.dumps(notebook | {"cells": [nbformat.v4.new_code_cell(source), *notebook.cells]}).encode()
    (check,) = grade(content, assignment, 1, LIMITS).checks
    assert check.points == 2


def test_of_a_directory_all_notebooks_are_checked(course, tmp_path):
    course("def f(): return 1", "assert f() == 1")
    folder = tmp_path / "source" / "ps1"
    shutil.copy(folder / "ps1.ipynb", folder / "other.ipynb")
    handed_in = tmp_path / "handed_in"
    handed_in.mkdir()
    shutil.copy(folder / "ps1.ipynb", handed_in)
    command = [sys.executable, "-m", "autograder", "check", str(handed_in), "--json", "--results", "results.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=True)
    summary = json.loads(done.stdout)
    assert (summary["assignment"], summary["notebook"], summary["score"], summary["max_score"]) == ("ps1", "", 2, 4)
    assert {name: one["score"] for name, one in summary["functions"].items()} == {"other/1": 0, "ps1/1": 2}
    assert "other.ipynb was not handed in." in summary["problems"]
    results = json.loads((tmp_path / "results.json").read_text())
    assert [one["score"] for one in results["tests"]] == [0, 2] and results["score"] == 2
