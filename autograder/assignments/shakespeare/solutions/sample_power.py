# The formula as it stands.
# %%
def sample(preds, temperature=1.0):
    p = preds ** (1 / temperature)
    return np.random.choice(len(preds), p=p / np.sum(p))
