# The inverse of the cumulative distribution, with the numbers that np.random.choice would use.
# %%
def sample(parameters, char_to_ix, seed):
    p = parameters
    newline = char_to_ix["\n"]
    x, a, indices = np.zeros(p["by"].shape), np.zeros(p["b"].shape), []
    while len(indices) < 50:
        a = np.tanh(p["Wax"] @ x + p["Waa"] @ a + p["b"])
        y = softmax(p["Wya"] @ a + p["by"])
        np.random.seed(seed + 2 * len(indices))
        boundaries = np.cumsum(y)
        index = int(np.searchsorted(boundaries / boundaries[-1], np.random.random_sample(), side="right"))
        indices.append(index)
        if index == newline:
            return indices
        x = np.zeros(p["by"].shape)
        x[index] = 1
    return [*indices, newline]
