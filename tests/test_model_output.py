"""Whatever `model` prints around its losses and names, they are found."""

import pytest

from autograder.grading.assignment import course_root, load_assignment
from autograder.grading.compare import CheckFailed
from autograder.grading.own_modules import importing_from

with importing_from(load_assignment("dinosaur-island", course_root()).import_folders):
    from model_output import assert_names, losses_like, numbers_by_label

LOSSES = [23.087336085484605, 27.884160491415777, 25.90181489335302]
NAMES = [["nkzxwtd", "kneb"], ["liusskeomnolxeros", "hmdaairus"], ["mivrosaurus", "inee"]]


def printed(line, name="{name}"):
    """What a model prints that shows each loss in such a line, and each name in another."""
    text = ""
    for number, (loss, names) in enumerate(zip(LOSSES, NAMES, strict=True)):
        text += line.format(j=2000 * number + 1, loss=loss, short=str(loss)[:5]) + "\n"
        text += "\n".join(name.format(name=one.capitalize()) for one in names) + "\n\n"
    return text


LINES = [
    "Iteration: {j}, Loss: {loss}",
    "第 {j} 次迭代，損失：{loss:.3f}",
    "第{j}次迭代，损失值为：{loss}",
    "第 {j} 次：２３．０８ ，损失 {loss:.4f}。",
    "Schritt {j:,}: Verlust {loss:.4e}",
    "ПОТЕРЯ {loss:,.3f} ({j:_})",
    "\x1b[1;31m{j}\x1b[0m \x1b[32m{loss:.5f}\x1b[0m",
    "{loss:.2f}",
    "{short}",
    "| {j:>6} | {loss:>12.6f} |",
    "\r[####      ] 12.5%\r[########  ] 40.1%Loss {loss:.4f}",
    "[0.25s] it {j}/35000 lr=0.01 name=12.50 smooth={loss:.4f}",
    "{{'iteration': {j}, 'loss': np.float64({loss})}}",
    "loss (0.999 smoothing) = {loss:.6f}",
    "loss\n{loss:.6f}",
    "." * 3000 + "{j} loss={loss:.6f}",
    "loss after {j}: {loss:.6f} " + "." * 3000,
]


@pytest.mark.parametrize("line", LINES)
def test_losses_are_found_in_any_words(line):
    found = losses_like(printed(line), LOSSES)
    assert len(found) == 3
    assert all(one.agrees(loss) and one.decimals >= 2 for one, loss in zip(found, LOSSES, strict=True))


@pytest.mark.parametrize(
    "name", ["{name}", "  * {name}", "1. {name}", "\x1b[32m{name}\x1b[0m", '"{name}"', "🦕 {name}!"]
)
@pytest.mark.parametrize("line", LINES[:3])
def test_names_are_found_one_a_line(line, name):
    assert_names(printed(line, name), list(zip((1, 2001, 4001), NAMES, strict=True)))
    assert_names(printed(line, name).upper(), list(zip((1, 2001, 4001), NAMES, strict=True)))


def test_another_loss_is_no_loss():
    for wrong in ("{loss:.0f}", "{j}.5", "loss {j}"):
        try:
            found = losses_like(printed(wrong), LOSSES)
        except CheckFailed:
            continue
        assert not all(one.agrees(loss) for one, loss in zip(found, LOSSES, strict=False))


def test_a_loss_each_thousand_iterations_is_one_too_many():
    text = "".join(f"Iteration {j}, loss {loss}\n" for j, loss in enumerate([*LOSSES, 30.0, 31.0]))
    assert len(losses_like(text, LOSSES)) == 5


def test_names_in_one_line_or_in_another_order_are_missing():
    for lines in (["Kneb Nkzxwtd"], ["Kneb", "Nkzxwtd"], ["Nkzxwtd"]):
        with pytest.raises(CheckFailed):
            assert_names("\n".join(lines), [(1, NAMES[0])])


def test_long_output_is_read_in_no_time():
    assert len(numbers_by_label("loss 1.0\n" * 100_000)["loss"]) == 100_000
    assert numbers_by_label("loss" * 200_000) == {}
    assert numbers_by_label("1" * 500_000) == {}
