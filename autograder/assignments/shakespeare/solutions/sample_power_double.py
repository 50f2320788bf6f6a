# The same in double precision, with a list of indices.
# %%
def sample(preds, temperature=1.0):
    p = np.power(np.array(preds, dtype="float64"), 1.0 / temperature)
    p /= p.sum()
    return np.random.choice(range(len(p)), p=p.ravel())
