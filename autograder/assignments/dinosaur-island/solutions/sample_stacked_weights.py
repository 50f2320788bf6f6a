# One matrix product with both weights side by side.
# %%
def sample(parameters, char_to_ix, seed):
    W = np.hstack([parameters["Wax"], parameters["Waa"]])
    vocab_size, n_a = parameters["Wya"].shape
    state = np.zeros((vocab_size + n_a, 1))
    indices = []
    newline = char_to_ix.get("\n")
    while len(indices) < 50 and (len(indices) == 0 or indices[-1] != newline):
        a = np.tanh(W.dot(state) + parameters["b"])
        y = softmax(parameters["Wya"].dot(a) + parameters["by"])
        np.random.seed(seed + 2 * len(indices))
        indices.append(int(np.random.choice(vocab_size, p=y.ravel())))
        state = np.vstack([np.zeros((vocab_size, 1)), a])
        state[indices[-1]] = 1
    if len(indices) == 50:
        indices.append(newline)
    return indices
