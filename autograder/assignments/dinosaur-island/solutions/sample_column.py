# A column of Wax instead of a product with a one-hot vector.
# %%
def sample(parameters, char_to_ix, seed):
    Wax, Waa, Wya, b, by = (parameters[name] for name in ("Wax", "Waa", "Wya", "b", "by"))
    a, indices, newline = np.zeros_like(b), [], char_to_ix["\n"]
    while len(indices) < 50 and newline not in indices:
        seen = Wax[:, [indices[-1]]] if indices else 0
        a = np.tanh(seen + Waa @ a + b)
        np.random.seed(seed + 2 * len(indices))
        indices.append(int(np.random.choice(len(by), p=softmax(Wya @ a + by).ravel())))
    if len(indices) == 50:
        indices.append(newline)
    return indices
