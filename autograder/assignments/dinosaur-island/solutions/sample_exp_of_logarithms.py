# Probabilities by their logarithms.
# %%
def sample(parameters, char_to_ix, seed):
    Wax, Waa, Wya, b, by = (parameters[key] for key in ("Wax", "Waa", "Wya", "b", "by"))
    x, a = np.zeros((by.shape[0], 1)), np.zeros((b.shape[0], 1))
    newline = char_to_ix["\n"]
    indices, index, counter = [], -1, 0
    while index != newline and counter != 50:
        a = np.tanh(Wax @ x + Waa @ a + b)
        z = Wya @ a + by
        y = np.exp(z - np.log(np.exp(z).sum()))
        np.random.seed(counter + seed)
        index = np.random.choice(list(char_to_ix.values()), p=y.ravel())
        indices.append(index)
        x.fill(0)
        x[index][0] = 1
        seed += 1
        counter += 1
    if counter == 50:
        indices.append(newline)
    return indices
