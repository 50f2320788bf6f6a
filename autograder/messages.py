"""What is said to people: a template and its values, put into words by whoever shows it, in the language spoken there.

>>> render(Message("`{what}` should be {expected}; yours is {seen}.", what="f(1)", expected=2, seen=3))
'`f(1)` should be 2; yours is 3.'

A number decides between two forms of a word:

>>> render(Message("{count} {count:entry differs|entries differ}.", count=1))
'1 entry differs.'
"""

from __future__ import annotations

import string
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

LONGEST, LONGEST_VALUE = 2_000, 1_000  # characters


@dataclass(frozen=True, init=False)
class Message:
    """A whole sentence, or several. Values are text (shown as it is, but on one line), numbers or Messages.

    Without values the template is the text: braces in it mean nothing.
    """

    template: str
    values: dict[str, str | int | float | Message]

    def __init__(self, template: str, /, **values: Any) -> None:
        object.__setattr__(self, "template", printable(template, LONGEST))
        object.__setattr__(self, "values", {name: _value(one) for name, one in values.items()})

    @staticmethod
    def from_plain(data: Mapping[str, Any]) -> Message:
        """The Message that `dataclasses.asdict` made this data from."""
        values = {name: Message.from_plain(one) if isinstance(one, dict) else one
                  for name, one in data["values"].items()}  # fmt: skip
        return Message(data["template"], **values)


@dataclass(frozen=True)
class Language:
    """The words of a language. Without any it is English, in which the templates are written.

    `code` is the language's name on a web page, as in "zh-Hant", `known` template -> its translation, and `form` says
    which of the forms of a word goes with a number, from 0.
    """

    code: str = "en"
    known: Mapping[str, str] = field(default_factory=dict)
    form: Callable[[float], int] = lambda number: number != 1


ENGLISH = Language()
_spoken: ContextVar[Language] = ContextVar("spoken", default=ENGLISH)


@contextmanager
def speaking(language: Language) -> Iterator[None]:
    """Put Messages into the words of this language within the block."""
    before = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(before)


def spoken() -> Language:
    """The language that Messages are put into here."""
    return _spoken.get()


def render(message: Message | None) -> str:
    """A Message in words; nothing for none."""
    if message is None:
        return ""
    template = translated(message.template)
    return _Words().format(template, **message.values) if message.values else template


def said(template: str, /, **values: Any) -> str:
    """The same of a template and its values, for what a page says at once."""
    return render(Message(template, **values))


def template(text: str) -> str:
    """Marks a text as one that becomes a Message elsewhere, where nothing else shows it: `make messages` finds it."""
    return text


def translated(text: str) -> str:
    """A text as it stands in the catalogue of the language that is spoken; the text where it stands in none."""
    return spoken().known.get(text, text)


class _Words(string.Formatter):
    def format_field(self, value: Any, format_spec: str) -> str:
        if isinstance(value, Message):
            return render(value)
        if "|" in format_spec:
            forms = format_spec.split("|")
            return forms[min(spoken().form(value), len(forms) - 1)]
        return str(super().format_field(value, format_spec or (".10g" if isinstance(value, float) else "")))


def _value(value: Any) -> str | int | float | Message:
    return value if isinstance(value, int | float | Message) else printable(str(value), LONGEST_VALUE)


def printable(text: str, longest: int = LONGEST) -> str:
    """Text from outside as one line that moves no terminal's cursor nor turns text round; as much of it as is read."""
    text = text if len(text) <= longest else f"{text[:longest]}..."
    return text if text.isprintable() else "".join(char if char.isprintable() else " " for char in text)


def printable_lines(text: str) -> str:
    """The same of each line."""
    return "\n".join(map(printable, text.split("\n")))
