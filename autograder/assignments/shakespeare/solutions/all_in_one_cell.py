# All three in one cell, with NumPy under another name.
# %%
import numpy


def build_data(text, Tx=40, stride=3):
    number = (len(text) - Tx + stride - 1) // stride
    X, Y = [None] * max(number, 0), [None] * max(number, 0)
    for i in range(number):
        X[i], Y[i] = text[i * stride : i * stride + Tx], text[i * stride + Tx]
    return X, Y


def sample(preds, temperature=1.0):
    preds = numpy.asarray(preds, dtype=numpy.longdouble)
    bent = numpy.exp(numpy.log(preds + 1e-40) / temperature)
    return numpy.random.choice(len(preds), p=(bent / bent.sum()).astype(float))


def generate_output(prompt=None, length=400, temperature=0.6):
    poem = known_characters(ask_for_prompt() if prompt is None else prompt)
    for _ in range(length):
        poem += VOCABULARY[sample(predict(poem), temperature)]
    print(poem)
    return poem
