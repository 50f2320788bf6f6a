# An array without dimensions is as good as an index.
# %%
def sample(preds, temperature=1.0):
    p = np.exp(np.log(np.maximum(preds, 1e-300, dtype=float)) / temperature)
    return np.array(np.random.choice(len(p), p=p / p.sum()))
