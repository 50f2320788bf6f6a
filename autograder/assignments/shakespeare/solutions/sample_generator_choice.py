# One of NumPy's new generators, made once.
# %%
rng = np.random.default_rng()
# %%
def sample(preds, temperature=1.0):
    weights = np.asarray(preds, dtype=np.float64) ** (1 / temperature)
    return int(rng.choice(weights.size, p=weights / weights.sum()))
