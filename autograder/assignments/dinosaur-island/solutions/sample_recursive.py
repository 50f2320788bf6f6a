# Recursion instead of a loop.
# %%
def sample(parameters, char_to_ix, seed):
    newline = char_to_ix["\n"]

    def rest(x, a, t):
        if t == 50:
            return [newline]
        a = np.tanh(parameters["Wax"] @ x + parameters["Waa"] @ a + parameters["b"])
        y = softmax(parameters["Wya"] @ a + parameters["by"])
        np.random.seed(seed + 2 * t)
        index = int(np.random.choice(len(y), p=y.ravel()))
        x = (np.arange(len(y)) == index).astype(float).reshape(-1, 1)
        return [index] if index == newline and t < 49 else [index, *rest(x, a, t + 1)]

    return rest(np.zeros_like(parameters["by"]), np.zeros_like(parameters["b"]), 0)
