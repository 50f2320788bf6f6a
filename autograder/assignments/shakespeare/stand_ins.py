"""Cells that run after the student's: small models in the place of Keras', and draws that everybody can repeat.

They bind as few names as can be: a student's code may have names of its own for anything, as in
`from random import random`.
"""

# Draws once for each row of a matrix, from random numbers that row and number stand for: others in each, and the same
# every time.
REPEATABLE = """
def _repeatable(function):
    import random
    import zlib

    import numpy

    def draw_each(rows, *temperature):
        drawn = []
        for number, row in enumerate(rows):
            seed = zlib.crc32(b"".join(numpy.asarray(one).tobytes() for one in (number, row, *temperature)))
            numpy.random.seed(seed)
            random.seed(seed)
            drawn.append(function(row.copy(), *temperature))
        return drawn
    return draw_each


if callable(globals().get("sample")):
    sample = _repeatable(sample)
"""

# For students who write `shakespeare.predict`: the module itself stays as it is.
FOR_THE_MODULE = """
def _for_the_module():
    import types

    for name, value in dict(globals()).items():
        if getattr(value, "__name__", "") == "utils.shakespeare":
            globals()[name] = types.SimpleNamespace(**{**vars(value), "predict": predict})


_for_the_module()
"""

# Certain of one character, which depends on each of the last 40; of a newline more often than of others.
CERTAIN = f"""
def predict(text):
    import zlib

    import numpy

    preds = numpy.zeros(38, dtype="float32")
    number = zlib.crc32(text[-40:].encode()) % 50
    preds[number if number < 38 else 0] = 1
    return preds

{FOR_THE_MODULE}
"""

# Gives three characters the probabilities 0.8, 0.1 and 0.1, and sets the seed by the text.
UNDECIDED = f"""
def predict(text):
    import random
    import zlib

    import numpy

    seed = zlib.crc32(text.encode())
    numpy.random.seed(seed)
    random.seed(seed)
    preds = numpy.zeros(38, dtype="float32")
    preds[[20, 25, 30]] = 0.8, 0.1, 0.1
    return preds

{FOR_THE_MODULE}
"""

# Gives two characters the same probability. Each call of `generate_output` writes two poems, from two seeds.
TWICE = f"""
def predict(text):
    import numpy

    preds = numpy.zeros(38, dtype="float32")
    preds[[20, 25]] = 0.5
    return preds


def _twice(function):
    import random

    import numpy

    def write(*arguments):
        poems = []
        for seed in (1, 2):
            numpy.random.seed(seed)
            random.seed(seed)
            poems.append(function(*arguments))
        return poems
    return write


if callable(globals().get("generate_output")):
    generate_output = _twice(generate_output)

{FOR_THE_MODULE}
"""
