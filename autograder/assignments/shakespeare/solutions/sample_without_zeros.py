# Only what is possible is drawn from.
# %%
def sample(preds, temperature=1.0):
    possible = np.flatnonzero(preds)
    logits = np.log(preds[possible].astype(float)) / temperature
    weights = np.exp(logits - np.max(logits))
    return possible[np.random.choice(len(possible), p=weights / weights.sum())]
