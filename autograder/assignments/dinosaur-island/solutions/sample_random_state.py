# A RandomState of its own instead of the global one.
# %%
def sample(parameters, char_to_ix, seed):
    Wax, Waa, Wya, b, by = [parameters[k] for k in ("Wax", "Waa", "Wya", "b", "by")]
    x = np.zeros((Wax.shape[1], 1))
    a = np.zeros((Waa.shape[0], 1))
    indices, counter, done = [], 0, False
    while not done:
        a = np.tanh(Wax @ x + Waa @ a + b)
        y = softmax(Wya @ a + by)
        index = np.random.RandomState(counter + seed).choice(len(y), p=np.squeeze(y, axis=1))
        indices.append(index)
        x = np.zeros_like(x)
        x[index] = 1
        seed += 1
        counter += 1
        done = index == char_to_ix["\n"] or counter == 50
    if counter == 50:
        indices.append(char_to_ix["\n"])
    return indices
