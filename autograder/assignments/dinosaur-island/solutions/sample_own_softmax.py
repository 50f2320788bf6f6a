# A softmax of its own, with the classic formula.
# %%
def my_softmax(z):
    e = np.exp(z - z.max())
    return e / np.sum(e)
# %%
def sample(parameters, char_to_ix, seed):
    Wax, Waa, Wya = parameters["Wax"], parameters["Waa"], parameters["Wya"]
    x = np.zeros((Wax.shape[1], 1))
    a = np.zeros((Waa.shape[0], 1))
    indices, index, counter = [], None, 0
    newline = char_to_ix["\n"]
    while index != newline and counter != 50:
        a = np.tanh(Wax @ x + Waa @ a + parameters["b"])
        np.random.seed(counter + seed)
        index = np.random.choice(Wya.shape[0], p=my_softmax(Wya @ a + parameters["by"]).ravel())
        indices.append(index)
        x = np.zeros(x.shape)
        x[index] = 1
        seed += 1
        counter += 1
    return indices if counter < 50 else indices + [newline]
