# A generator of letters.
# %%
def letters(p, newline, seed):
    x = np.zeros((p["by"].size, 1))
    a = np.zeros((p["b"].size, 1))
    for t in range(50):
        a = np.tanh(p["Wax"] @ x + p["Waa"] @ a + p["b"])
        np.random.seed(t + seed + t)
        i = np.random.choice(p["by"].size, p=softmax(p["Wya"] @ a + p["by"]).flatten())
        yield int(i)
        if i == newline:
            return
        x[:] = 0
        x[i] = 1
    yield newline
# %%
def sample(parameters, char_to_ix, seed):
    return list(letters(parameters, char_to_ix["\n"], seed))
