# An integer array instead of a list.
# %%
def sample(parameters, char_to_ix, seed):
    Wax, Waa, Wya, b, by = (parameters[k] for k in ("Wax", "Waa", "Wya", "b", "by"))
    x, a = np.zeros_like(by), np.zeros_like(b)
    out = np.full(51, char_to_ix["\n"])
    for t in range(50):
        a = np.tanh(Wax @ x + Waa @ a + b)
        np.random.seed(2 * t + seed)
        out[t] = np.random.choice(len(by), p=softmax(Wya @ a + by).ravel())
        if out[t] == char_to_ix["\n"]:
            return out[: t + 1]
        x = np.zeros_like(by)
        x[out[t]] = 1
    return out
