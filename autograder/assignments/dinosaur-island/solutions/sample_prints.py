# Prints each letter's probability.
# %%
def sample(parameters, char_to_ix, seed):
    vocab_size, n_a = parameters["Wya"].shape
    x, a_prev, indices, index, counter = np.zeros((vocab_size, 1)), np.zeros((n_a, 1)), [], None, 0
    while index != char_to_ix["\n"] and counter != 50:
        a_prev = np.tanh(parameters["Wax"] @ x + parameters["Waa"] @ a_prev + parameters["b"])
        y = softmax(parameters["Wya"] @ a_prev + parameters["by"])
        np.random.seed(counter + seed)
        index = int(np.random.choice(vocab_size, p=y.ravel()))
        print("drew", index, "with probability", y[index, 0])
        indices.append(index)
        x = np.zeros((vocab_size, 1))
        x[index] = 1
        seed += 1
        counter += 1
    if counter == 50:
        indices.append(char_to_ix["\n"])
    return indices
