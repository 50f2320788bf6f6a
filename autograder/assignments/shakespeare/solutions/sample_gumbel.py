# The largest of the scores with Gumbel noise.
# %%
def sample(preds, temperature=1.0):
    with np.errstate(divide="ignore"):
        scores = np.log(np.asarray(preds, dtype=float)) / temperature
    return int(np.argmax(scores + np.random.gumbel(size=scores.shape)))
