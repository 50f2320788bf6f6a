# One-hot vectors out of an identity matrix.
# %%
def sample(parameters, char_to_ix, seed):
    vocab_size, n_a = parameters["Wya"].shape
    one_hot = np.eye(vocab_size)
    x, a, indices, counter = np.zeros((vocab_size, 1)), np.zeros((n_a, 1)), [], 0
    index = -1
    while index != char_to_ix["\n"] and counter < 50:
        a = np.tanh(sum([parameters["Wax"] @ x, parameters["Waa"] @ a, parameters["b"]]))
        y = softmax(parameters["Wya"] @ a + parameters["by"])
        np.random.seed(counter + seed)
        index = np.random.choice(vocab_size, p=y.T[0])
        indices.append(index)
        x = one_hot[:, [index]]
        counter, seed = counter + 1, seed + 1
    if counter == 50:
        indices.append(char_to_ix["\n"])
    return indices
