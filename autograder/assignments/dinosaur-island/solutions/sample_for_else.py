# for ... else instead of while.
# %%
def sample(parameters, char_to_ix, seed):
    vocab_size, n_a = parameters["Wya"].shape
    x, a = np.zeros((vocab_size, 1)), np.zeros((n_a, 1))
    indices = []
    for step in range(50):
        a = np.tanh(parameters["Wax"] @ x + parameters["Waa"] @ a + parameters["b"])
        y = softmax(parameters["Wya"] @ a + parameters["by"])
        np.random.seed(seed + 2 * step)
        ix = np.random.choice(np.arange(vocab_size), p=y[:, 0])
        indices.append(ix)
        if ix == char_to_ix["\n"]:
            break
        x = np.zeros_like(x)
        x[ix, 0] = 1
    else:
        indices.append(char_to_ix["\n"])
    return indices
