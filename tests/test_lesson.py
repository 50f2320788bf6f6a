"""The lesson: its visible tests tell what to look at, its figures can be read by everyone, its numbers are measured."""

import base64
import importlib
import io
import itertools
import re
import shutil
import subprocess
from pathlib import Path

import matplotlib.pyplot as plt
import nbclient
import nbformat
import numpy as np
import pytest
from matplotlib import colors
from matplotlib.text import Text

from autograder.course.translation import file_in_words, lesson_words
from autograder.grading.assignment import course_root, load_assignment
from autograder.grading.diagnosis.misconceptions import load_misconceptions
from autograder.grading.reference import load_reference
from benchmarks.catalogues import longer
from utils import plots, shakespeare
from utils.baselines import ngram_loss, ngrams

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "source" / "dinosaur-island" / "dinosaur-island.ipynb"
NOTEBOOK = nbformat.read(SOURCE, as_version=4)
CELLS = {cell.id: cell.source for cell in NOTEBOOK.cells}
TEXT = " ".join(" ".join(CELLS.values()).split())
DATA = (ROOT / "datasets" / "dinos.txt").read_text("utf-8").lower()
NAMES = DATA.split("\n")
CHAR_TO_IX = {char: ix for ix, char in enumerate(sorted(set(DATA)))}
IX_TO_CHAR = {ix: char for char, ix in CHAR_TO_IX.items()}
SHOTS = ROOT / "build" / "screenshots"


# ---------------------------------------------------------------- visible tests


def lesson(upto, **cells):
    """The lesson's code up to a test cell, with some cells in another version; what the last one raised, or None."""
    namespace = {"__name__": "__main__", "data": DATA, "char_to_ix": CHAR_TO_IX, "ix_to_char": IX_TO_CHAR}
    namespace |= {"vocab_size": 27}
    run = ["imports"]
    for function in ("clip", "sample", "optimize", "model"):
        run += [function, f"test-{function}"]
    for name in run[: run.index(upto) + 1]:
        code = compile(cells.get(name, CELLS[name]), f"<{name}>", "exec")
        try:
            exec(code, namespace)
        except Exception as error:
            if name == upto:
                return error
            if not name.startswith("test-"):
                raise
    return None


@pytest.fixture(scope="module")
def mistakes():
    known = load_misconceptions(load_assignment("dinosaur-island", course_root()))
    return [one for one in known if one.function != "model" and one.id not in ENDLESS and one.id not in UNSEEN]


ENDLESS = {"sample-counter-not-advanced", "sample-or-for-and"}
UNSEEN = {  # only the hidden checks see these
    "clip-whole-bounds-only", "clip-only-when-too-large", "sample-100-hidden-units",
}  # fmt: skip


def test_the_solution_passes_and_says_so(capsys):
    assert lesson("test-model") is None
    assert capsys.readouterr().out.splitlines() == [
        "clip passes its 4 tests.",
        "sample passes its 5 tests.",
        "optimize passes its 4 tests.",
        "model passes its 4 tests.",
    ]


def test_each_known_mistake_gets_one_sentence(mistakes):
    passed = []
    for one in mistakes:
        error = lesson(f"test-{one.function}", **{one.function: one.source})
        if error is None:
            passed.append(one.id)
            continue
        sentence = "".join(error._render_traceback_())
        assert sentence and "\n" not in sentence and len(sentence) < 330, (one.id, sentence)
        assert not sentence.startswith(("assert", "(")), (one.id, sentence)
    assert passed == []


def sentence(test, **cells):
    return "".join(lesson(test, **cells)._render_traceback_())


def changed(function, old, new):
    assert old in CELLS[function]
    return {function: CELLS[function].replace(old, new)}


def test_the_likeliest_letter_and_a_frozen_seed_are_told_apart():
    drawn = "int(np.random.choice(vocab_size, p=y.ravel()))"
    assert "likely" in sentence("test-sample", **changed("sample", drawn, "int(np.argmax(y))"))
    assert "random seed" in sentence("test-sample", **changed("sample", "counter + seed)", "3)"))
    frozen = changed("sample", "        seed += 1\n        counter += 1", "        seed -= 1\n        counter += 1")
    assert "random seed" in sentence("test-sample", **frozen)


@pytest.mark.parametrize(
    ("function", "old", "new"),
    [
        ("clip", "-maxValue, maxValue, out", "-0.1, 0.1, out"),
        ("sample", "seed += 1", "seed += 2"),
        ("optimize", "clip(gradients, 5)", "clip(gradients, 1)"),
    ],
)
def test_model_is_not_blamed_for_what_it_uses(function, old, new):
    told = sentence("test-model", **changed(function, old, new))
    assert told.startswith(f"`model` uses `{function}`, which fails its own tests. Start there. ")


def test_an_exception_is_told_with_its_line():
    told = sentence("test-sample", **changed("sample", "x[index] = 1", "x[0, index] = 1"))
    assert told.startswith("`sample` stops in line ")
    assert "IndexError" in told


@pytest.mark.parametrize(
    ("test", "function", "old", "new", "stops"),
    [
        ("test-model", "model", "= [char_to_ix[char] for", "= [char for", "optimize"),
        ("test-optimize", "optimize", "gradients, a = rnn_backward", "a, gradients = rnn_backward", "clip"),
    ],
)  # fmt: skip
def test_who_was_given_the_wrong_thing_is_not_blamed_alone(test, function, old, new, stops):
    told = sentence(test, **changed(function, old, new))
    assert told.startswith(f"`{stops}` stops in line ")
    assert f"`{function}` calls it in line " in told


@pytest.mark.parametrize(
    ("test", "function", "old", "new", "says"),
    [
        ("test-clip", "clip", "    return gradients  # step 3", "", "does it end with `return gradients`?"),
        ("test-clip", "clip", ", out=gradients[name])", ")", "as it went in"),
        ("test-sample", "sample", 'char_to_ix["\\n"]', "0", "newline"),
        ("test-sample", "sample", " + by)", ")", "all parts of the two formulas"),
        ("test-sample", "sample", "    counter = 0", "    counter = 1", "after 49 draws instead of 50"),
        ("test-sample", "sample", "np.tanh(Wax @ x + Waa @ a_prev + b)", "np.tanh(Wax @ x + Waa @ a_prev)", "step 2"),
        ("test-sample", "sample", "indices.append(newline)", 'indices.append("\\n")', "of type str"),
        ("test-sample", "sample", "counter != 50", "counter <= 50", "once too often (step 5)"),
        ("test-sample", "sample", "    if counter == 50:  # step 6\n        indices", "    indices", "only where"),
        ("test-clip", "clip", '"dWaa", ', "", "all five"),
        ("test-optimize", "optimize", "return loss,", "return loss / len(X),", "unchanged (step 5)"),
        ("test-model", "model", "learning_rate=0.01", "learning_rate=0.1", "the learning rate"),
        ("test-model", "model", "{loss}", "{loss:.1f}", "two decimals"),
        ("test-model", "model", "range(dino_names)", "range(7)", "yours prints 7"),
        ("test-model", "model", "examples[j %", "examples[(j + 1) %", "step 1"),
        ("test-model", "model", "loss = smooth(", "smooth(", "where the running average starts"),
        ("test-model", "model", "loss = smooth", "if j % 2000 == 0: loss = smooth", "averaged in (step 4)"),
        ("test-model", "model", "char_to_ix, seed)", "char_to_ix, seed + 1)", "do the seeds go 0, 1, 2"),
        ("test-model", "model", "char_to_ix, seed)", "char_to_ix, 0)", "do the seeds go 0, 1, 2"),
    ],
)  # fmt: skip
def test_what_a_visible_test_says_leads_to_the_mistake(test, function, old, new, says):
    assert says in sentence(test, **changed(function, old, new))


def test_a_function_not_written_yet_is_named():
    blank = {name: f"def {name}(*_, **__):\n    raise NotImplementedError()" for name in ("clip", "optimize")}
    assert sentence("test-clip", **blank).startswith("`clip` is not written yet")
    assert "`optimize` uses `clip`" in sentence("test-optimize", **blank)


@pytest.fixture
def executed(tmp_path):
    """The outputs of the last of some cells, which a kernel has run beside `utils`."""
    shutil.copytree(ROOT / "utils", tmp_path / "utils")

    def run(*sources):
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
        resources = {"metadata": {"path": tmp_path}}
        nbclient.NotebookClient(notebook, timeout=60, allow_errors=True, resources=resources).execute()
        return notebook.cells[-1].outputs

    return run


def test_jupyter_shows_the_sentence_and_no_traceback(executed):
    wrong = changed("clip", "-maxValue, maxValue, out=gradients[name]", "-maxValue, 2 * maxValue, out=gradients[name]")
    (output,) = executed(CELLS["imports"], wrong["clip"], CELLS["test-clip"])
    assert output.ename == "AssertionError"
    assert len(output.traceback) == 1
    assert output.traceback[0].startswith("With maxValue=10, entries of dWax above 10 should become 10")


def test_the_curve_of_losses_grows_whatever_the_words(executed):
    printed = ["Iteration: 1, Loss: 23.087336", "Trex", "Schritt 2,001: der Verlust ist 2.7884e1", "4001/35000 25.9"]
    curve, *_ = executed(CELLS["plots"], f"with live_loss_curve():\n    for line in {printed}:\n        print(line)")
    assert "23.09 at 1, 27.88 at 2001, 25.90 at 4001." in curve.data["text/plain"]


# ---------------------------------------------------------------- figures


@pytest.fixture(scope="module")
def parameters():
    """Of a network that has read some names."""
    ours = load_reference(SOURCE)
    parameters = ours["initialize_parameters"](50, 27, 27)
    a = np.zeros((50, 1))
    for name in NAMES[:300]:
        indices = [CHAR_TO_IX[char] for char in name]
        _, _, a = ours["optimize"]([None, *indices], [*indices, 0], a, parameters)
    return parameters


def drawn(plots, parameters):
    """Each of the figures of both notebooks, by name."""
    names = ["tyrannosaurus", "triceratops", "iguanodon"]
    rows = np.random.default_rng(1).dirichlet(np.ones(len(shakespeare.VOCABULARY)), 40)
    line = "shall i compare thee to a summer's day?"
    return {
        "network": plots.plot_network(),
        "clipping": plots.plot_clipping(),
        "sampling": plots.plot_sampling(),
        "probabilities": plots.plot_probabilities(parameters, [CHAR_TO_IX[char] for char in "trex\n"], IX_TO_CHAR),
        "loss": plots._loss_figure([(1, 23.09), (2001, 27.88), (4001, 25.9)]),
        "gallery": plots.show_gallery(["trexosaurus", "aardonyx", "averylongnamethatbreaksintwo"], {"aardonyx"}),
        "losses": plots.plot_losses({"bigram": [27.7, 27.5], "network": [21.7, 23.5]}),
        "units": plots.plot_units(parameters, names, NAMES[:300], CHAR_TO_IX),
        "reading": plots.plot_reading(line, rows, shakespeare.VOCABULARY),
        "temperatures": plots.plot_temperatures(rows[0], shakespeare.VOCABULARY, (0.3, 1.0)),
    }


@pytest.fixture(scope="module")
def figures(parameters):
    return drawn(plots, parameters)


def test_every_figure_has_a_text_that_a_screen_reader_finds(figures):
    for name, figure in figures.items():
        data, metadata = figure._repr_mimebundle_()
        assert len(figure.alt) > 60, name
        assert f'alt="{figure.alt[:15]}' in data["text/html"], name
        assert metadata["image/png"]["alt"] == data["text/plain"] == figure.alt, name


def luminance(colour):
    channels = np.asarray(colour)[..., :3]
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return linear @ [0.2126, 0.7152, 0.0722]


def pixels(figure):
    """(height, width, 4): the figure as it is drawn on white."""
    out = io.BytesIO()
    figure.savefig(out, format="png", dpi=figure.dpi, facecolor="white")
    return plt.imread(io.BytesIO(out.getvalue()))


def test_text_stands_out_from_what_is_behind_it(figures):
    """4.5 to 1, as the accessibility guidelines (WCAG, level AA) ask for."""
    for name, described in figures.items():
        figure = described.figure
        pixels(figure)  # places the texts
        texts = [one for one in figure.findobj(Text) if one.get_text().strip() and one.get_visible()]
        boxes = [one.get_window_extent() for one in texts]
        for text in texts:
            text.set_alpha(0)
        behind = pixels(figure)
        for text, box in zip(texts, boxes, strict=True):
            text.set_alpha(None)
            height, width = behind.shape[:2]
            left, right = int(max(box.x0, 0)), int(min(box.x1, width))
            top, bottom = int(max(height - box.y1, 0)), int(min(height - box.y0, height))
            if left >= right or top >= bottom:  # outside of the picture: a tick that is not shown
                continue
            ground = np.median(behind[top:bottom, left:right].reshape(-1, 4), axis=0)
            light = sorted([luminance(colors.to_rgba(text.get_color())), luminance(ground)])
            contrast = (light[1] + 0.05) / (light[0] + 0.05)
            assert contrast >= 4.5, (name, text.get_text(), contrast)


def test_the_figures_ground_is_white_where_the_notebook_is_dark(figures):
    for name, described in figures.items():
        png = base64.b64decode(described._repr_mimebundle_()[0]["image/png"])
        corners = plt.imread(io.BytesIO(png))[[0, 0, -1, -1], [0, -1, 0, -1]]
        np.testing.assert_array_equal(corners[:, :3], 1, err_msg=name)


def test_longer_words_find_room_in_the_figures(parameters, tmp_path, monkeypatch):
    """Each in brackets, and none on another. What the Chinese leaves as it is are no words, but matplotlib's names."""
    chinese = load_assignment("dinosaur-island-zh-hant", ROOT)
    known = {text: longer(text) for text, said in lesson_words(chinese).items() if said != text}
    (tmp_path / "longer").mkdir()
    for name in ("__init__.py", "rnn.py", "plots.py"):
        (tmp_path / "longer" / name).write_bytes(file_in_words(ROOT / "utils" / name, known))
    monkeypatch.syspath_prepend(tmp_path)
    figures = drawn(importlib.import_module("longer.plots"), parameters)
    for name in ("network", "clipping", "sampling", "losses", "units", "temperatures"):
        figure = figures[name].figure
        pixels(figure)  # places the texts
        texts = {re.sub(r"\$[^$]*\$", "", one.get_text()): one.get_window_extent() for one in figure.findobj(Text)}
        assert {text for text in texts if re.search("[a-z]{3}", text) and "⟦" not in text} <= {"bigram", "network"}
        words = [(text, box) for text, box in texts.items() if "⟦" in text]
        assert not [(one, two) for (one, at), (two, near) in itertools.combinations(words, 2) if at.overlaps(near)]


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_screenshots_of_all_figures(figures, theme, tmp_path):
    from nbconvert import HTMLExporter

    cells = []
    for name, described in figures.items():
        data, metadata = described._repr_mimebundle_()
        output = nbformat.v4.new_output("display_data", data, metadata=metadata)
        cells.append(nbformat.v4.new_code_cell(f"# {name}", outputs=[output]))
    page = HTMLExporter(template_name="lab", theme=theme, mathjax_url="", require_js_url="").from_notebook_node(
        nbformat.v4.new_notebook(cells=cells)
    )[0]
    (tmp_path / "figures.html").write_text(page, "utf-8")
    SHOTS.mkdir(parents=True, exist_ok=True)
    shot = SHOTS / f"figures-{theme}.png"
    command = [
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        f"--user-data-dir={tmp_path / 'browser'}", "--window-size=1100,3800", f"--screenshot={shot}",
        (tmp_path / "figures.html").as_uri(),
    ]  # fmt: skip
    subprocess.run(command, capture_output=True, timeout=100, check=True)
    assert shot.stat().st_size > 100_000


# ---------------------------------------------------------------- what the text says


def test_the_counting_models_reach_what_the_text_says():
    known = {n: ngram_loss(NAMES, NAMES, n) for n in (1, 2, 3, 4, 6)}
    assert [f"{known[n]:.1f}" for n in (1, 2, 3)] == ["36.4", "27.6", "20.2"]
    assert f"{known[4]:.1f} nats for the 4-gram and {known[6]:.1f} for the 6-gram" in TEXT
    np.random.seed(0)
    each_once = np.random.permutation(sorted(set(NAMES)))
    held_out, learned = each_once[:150], each_once[150:]
    new = {n: ngram_loss(learned, held_out, n, start=0.1) for n in (3, 4, 5, 6)}
    assert f"the 4-gram, with {new[4]:.1f} nats" in TEXT
    assert f"{new[5]:.1f} nats for the 5-gram, {new[6]:.1f} for the 6-gram" in TEXT
    assert new[4] < new[3] < new[5] < new[6]
    assert round(new[3] - ngram_loss(learned, learned, 3, start=0.1)) == 3
    short, long = (np.mean([len(name) + 1 for name in names]) for names in (held_out, learned))
    assert f"{short:.1f} characters against {long:.1f}" in TEXT
    assert all(ngram_loss(learned, held_out, n, 0.1) < ngram_loss(learned, learned, n, 0.1) for n in (1, 2))
    seen = set(ngrams(learned, 6))
    assert "Nearly half of the strings of six characters" in TEXT
    assert 0.4 < np.mean([gram not in seen for gram in ngrams(held_out, 6)]) < 0.5


def test_a_count_that_starts_at_nothing_costs_infinitely_much():
    assert ngram_loss(["ab"], ["ab"], 2) == 0
    assert ngram_loss(["ab"], ["ac"], 2) == ngram_loss(["ab"], ["cb"], 3) == np.inf
    assert ngram_loss(["ab"], ["a"], 1) == pytest.approx(2 * np.log(3))


def test_the_text_counts_the_flaws_of_the_list():
    twice = [name for name in set(NAMES) if NAMES.count(name) == 2]
    assert len(twice) == 10 and NAMES.count("skeleton") == 3 and NAMES.count("illustration") == 1
    assert f"{np.log(27) * np.mean([len(name) + 1 for name in NAMES]):.1f} nats" in TEXT


def test_every_link_between_sections_leads_to_one():
    sections = {int(number) for number in re.findall(r"^## (\d+) ·", "\n".join(CELLS.values()), re.MULTILINE)}
    assert sections == set(range(1, len(sections) + 1))
    assert {int(number) for number in re.findall(r"section (\d+)", TEXT)} <= sections
