# numpy under another name.
# %%
import numpy
import numpy as xp
from numpy import tanh, zeros
# %%
def sample(parameters, char_to_ix, seed):
    vocab_size, n_a = parameters["Wya"].shape
    x, a, indices, index, counter = zeros((vocab_size, 1)), zeros((n_a, 1)), [], None, 0
    while index != char_to_ix["\n"] and counter != 50:
        a = tanh(parameters["Wax"] @ x + parameters["Waa"] @ a + parameters["b"])
        y = softmax(parameters["Wya"] @ a + parameters["by"])
        xp.random.seed(counter + seed)
        index = numpy.random.choice(vocab_size, p=y.ravel())
        indices.append(index)
        x = zeros((vocab_size, 1))
        x[index] = 1
        seed += 1
        counter += 1
    if counter == 50:
        indices.append(char_to_ix["\n"])
    return indices
