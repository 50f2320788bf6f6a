"""The example class gets what it deserves from `autograder check`, each notebook in a process of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples" / "submissions"

DESERVED = {
    "perfect": {"clip": 15, "sample": 25, "optimize": 25, "model": 35},
    "copies-instead-of-in-place": {"clip": 15, "sample": 25, "optimize": 25, "model": 35},
    "reads-the-file": {"clip": 15, "sample": 25, "optimize": 25, "model": 35},
    "metadata-lost": {"clip": 15, "sample": 25, "optimize": 25, "model": 35},
    "reordered-with-extra-cells": {"clip": 15, "sample": 25, "optimize": 25, "model": 35},
    "blank": {"clip": 0, "sample": 0, "optimize": 0, "model": 0},
    "half-finished": {"clip": 15, "sample": 25, "optimize": 0, "model": 0},
}


def check(name, *options):
    """The finished `autograder check` process."""
    command = [sys.executable, "-m", "autograder", "check", str(EXAMPLES / f"{name}.ipynb"), *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def functions(name):
    """The score of each function."""
    result = json.loads(check(name, "--json").stdout)
    return {function: part["score"] for function, part in result["functions"].items()}


@pytest.mark.parametrize("name", DESERVED)
def test_scores_are_as_deserved(name):
    assert functions(name) == DESERVED[name]


def test_a_wrong_sample_keeps_the_points_of_the_other_functions():
    scores = functions("sample-takes-the-maximum")
    assert scores["sample"] < 25
    assert scores["clip"] == 15
    assert scores["optimize"] == 25


def test_a_syntax_error_costs_its_own_function_and_is_explained():
    result = json.loads(check("syntax-error-in-optimize", "--json").stdout)
    assert result["functions"]["clip"]["score"] == 15
    assert result["functions"]["sample"]["score"] == 25
    assert result["functions"]["optimize"]["score"] == 0
    assert any("line" in c["message"] for c in result["functions"]["optimize"]["checks"])


def test_an_endless_loop_costs_its_own_function():
    scores = functions("endless-loop-in-model")
    assert scores == {"clip": 15, "sample": 25, "optimize": 25, "model": 0}


def test_an_object_that_equals_everything_earns_nothing_where_it_cheats():
    assert functions("always-equal-cheat")["clip"] == 0


def test_what_is_no_notebook_gets_one_sentence_and_status_2():
    result = check("not-a-notebook")
    assert result.returncode == 2
    assert len(result.stderr.splitlines()) == 1
    assert "not" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_release_as_it_is_gets_a_friendly_page():
    page = check("blank")
    assert page.returncode == 0
    assert "0 / 100" in page.stdout
    assert "not written yet" in page.stdout
    assert "Traceback" not in page.stdout + page.stderr


def test_the_json_report_has_the_documented_keys():
    result = json.loads(check("half-finished", "--json").stdout)
    assert set(result) == {"assignment", "notebook", "score", "max_score", "functions", "manual", "problems",
                           "fingerprint"}  # fmt: skip
    for part in result["functions"].values():
        for one in part["checks"]:
            assert set(one) == {"id", "state", "points", "max_points", "message", "misconception"}
            assert one["state"] in ("passed", "failed", "not assessed")
            assert one["state"] == "passed" or one["message"]
