# A trifle keeps the logarithm finite.
# %%
def sample(preds, temperature=1.0):
    logits = np.log(preds.astype(float) + 1e-10) / temperature
    exp = np.exp(logits)
    out = np.random.choice(len(preds), p=exp / exp.sum())
    return out
