# A new generator in each call, without a seed.
# %%
def sample(preds, temperature=1.0):
    with np.errstate(divide="ignore"):
        scores = np.log(preds, dtype=float) / temperature
    scores -= scores.max()
    weights = np.exp(scores)
    return int(np.random.default_rng().multinomial(1, weights / weights.sum()).argmax())
