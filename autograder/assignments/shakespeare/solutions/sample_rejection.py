# Draws an index evenly and keeps it with its probability.
# %%
def sample(preds, temperature=1.0):
    heights = (np.asarray(preds, dtype=float) / np.max(preds)) ** (1 / temperature)
    while True:
        index = np.random.randint(len(heights))
        if np.random.rand() < heights[index]:
            return index
