# Introductory Python: strings, dictionaries, recursion, a class with operators, and a program that asks for input.

# %% text
# # First steps
# Replace each `raise NotImplementedError()` by your own code, and run the cell below it.

# %% solution: word_lengths
def word_lengths(text):
    """Length -> the words of that length, in small letters and alphabetical order, each once."""
    ### BEGIN SOLUTION
    lengths = {}
    for word in sorted(set(text.lower().split())):
        lengths.setdefault(len(word), []).append(word)
    return lengths
    ### END SOLUTION

# %% test: word_lengths-tests, 3
assert word_lengths("the cat the dog") == {3: ["cat", "dog", "the"]}
assert word_lengths("") == {}
### BEGIN HIDDEN TESTS
assert word_lengths("To be or not to be") == {2: ["be", "or", "to"], 3: ["not"]}, "Capital letters do not count."
### END HIDDEN TESTS

# %% solution: is_nested
def is_nested(item, inside):
    """Whether `item` lies anywhere in the list `inside`, or in a list within it. Use recursion."""
    ### BEGIN SOLUTION
    return any(one == item or (isinstance(one, list) and is_nested(item, one)) for one in inside)
    ### END SOLUTION

# %% test: is_nested-tests, 3
assert is_nested(3, [1, [2, [3]]])
assert not is_nested(4, [1, [2, [3]]])
### BEGIN HIDDEN TESTS
assert is_nested([3], [1, [2, [3]]]) and not is_nested(1, [])
### END HIDDEN TESTS

# %% solution: money
class Money:
    """An amount in cents: two of them can be added and compared, and `str` shows euros, as in 3.05."""
    ### BEGIN SOLUTION
    def __init__(self, cents):
        if cents < 0:
            raise ValueError("no amount is negative")
        self.cents = cents

    def __add__(self, other):
        return Money(self.cents + other.cents)

    def __eq__(self, other):
        return self.cents == other.cents

    def __lt__(self, other):
        return self.cents < other.cents

    def __str__(self):
        return f"{self.cents // 100}.{self.cents % 100:02}"
    ### END SOLUTION

# %% test: money-tests, 4
both = Money(250) + Money(55)
assert isinstance(both, Money) and both.cents == 305
assert str(both) == "3.05"
try:
    Money(-1)
except ValueError:
    pass
else:
    raise AssertionError("Money(-1) should raise ValueError")
### BEGIN HIDDEN TESTS
assert [one.cents for one in sorted([Money(9), Money(3), Money(7)])] == [3, 7, 9]
assert Money(3) == Money(3) and not Money(3) == Money(4)
### END HIDDEN TESTS

# %% solution: ask_age
def ask_age():
    """Ask until the answer is a whole number; return it."""
    ### BEGIN SOLUTION
    while True:
        answer = input("How old are you? ")
        if answer.isdigit():
            return int(answer)
    ### END SOLUTION

# %% test: ask_age-tests, 2
from unittest.mock import patch

with patch("builtins.input", side_effect=["nine", "9 1/2", "9"]):
    assert ask_age() == 9

# %% student: cleo, honest: other ways to the same
# %% answer: word_lengths
from collections import defaultdict


def word_lengths(text):
    found = defaultdict(set)
    for word in text.lower().split():
        found[len(word)].add(word)
    return {length: sorted(words) for length, words in found.items()}
# %% answer: is_nested
def is_nested(item, inside):
    if not inside:
        return False
    first, *others = inside
    if first == item or (type(first) is list and is_nested(item, first)):
        return True
    return is_nested(item, others)
# %% answer: money
from dataclasses import dataclass


@dataclass(order=True)
class Money:
    cents: int

    def __post_init__(self):
        if self.cents < 0:
            raise ValueError(self.cents)

    def __add__(self, other):
        return Money(self.cents + other.cents)

    def __str__(self):
        return "%d.%02d" % divmod(self.cents, 100)

# %% student: dan, honest: capital letters count, nothing is raised, and the answer stays a text
# %% answer: word_lengths
def word_lengths(text):
    lengths = {}
    for word in sorted(set(text.split())):
        lengths.setdefault(len(word), []).append(word)
    return lengths
# %% answer: money
class Money:
    def __init__(self, cents):
        self.cents = cents

    def __add__(self, other):
        return Money(self.cents + other.cents)

    def __str__(self):
        return str(self.cents / 100)
# %% answer: ask_age
def ask_age():
    return input("How old are you? ")

# %% student: eve, honest: the recursion never ends, and a colon is missing
# %% answer: is_nested
def is_nested(item, inside):
    return is_nested(item, inside)
# %% answer: money
class Money
    pass

# %% student: mallory, fools: an object that equals everything
# %% answer: word_lengths
class Anything:
    def __eq__(self, other):
        return True


def word_lengths(text):
    return Anything()
# %% answer: ask_age
def ask_age():
    return Anything()
