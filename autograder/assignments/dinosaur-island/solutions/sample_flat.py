# One-dimensional vectors throughout.
# %%
def sample(parameters, char_to_ix, seed):
    Wax, Waa, Wya = parameters["Wax"], parameters["Waa"], parameters["Wya"]
    b, by = parameters["b"].ravel(), parameters["by"].ravel()
    x, a = np.zeros(Wax.shape[1]), np.zeros(len(b))
    indices = []
    for t in range(50):
        a = np.tanh(Wax @ x + Waa @ a + b)
        e = np.exp(Wya @ a + by - np.max(Wya @ a + by))
        np.random.seed(t + (seed + t))
        indices.append(int(np.random.choice(len(by), p=e / e.sum())))
        if indices[-1] == char_to_ix["\n"]:
            return indices
        x = np.zeros(len(x))
        x[indices[-1]] = 1
    indices.append(char_to_ix["\n"])
    return indices
