# while True with two ways out.
# %%
def sample(parameters, char_to_ix, seed):
    Wax, Waa, Wya = parameters["Wax"], parameters["Waa"], parameters["Wya"]
    b, by = parameters["b"], parameters["by"]
    x = np.zeros((by.shape[0], 1))
    hidden = np.zeros((b.shape[0], 1))
    result = list()
    while True:
        hidden = np.tanh(np.matmul(Wax, x) + np.matmul(Waa, hidden) + b)
        y = softmax(np.matmul(Wya, hidden) + by)
        np.random.seed(seed + 2 * len(result))
        drawn = np.random.choice(range(by.shape[0]), p=y.ravel())
        result += [drawn]
        if drawn == char_to_ix["\n"] and len(result) < 50:
            break
        if len(result) == 50:
            result.append(char_to_ix["\n"])
            break
        x.fill(0)
        x[drawn] = 1
    return result
