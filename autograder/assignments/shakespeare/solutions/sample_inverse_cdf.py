# A number between 0 and the sum falls into one of the intervals.
# %%
def sample(preds, temperature=1.0):
    boundaries = np.cumsum(np.asarray(preds, float) ** (1 / temperature))
    return int(np.searchsorted(boundaries, np.random.random() * boundaries[-1], side="right"))
