# A RandomState of its own.
# %%
state = np.random.RandomState()


def sample(predictions, T=1.0):
    bent = predictions.astype(np.float64) ** (1.0 / T)
    return state.choice(np.arange(predictions.shape[0]), p=bent / np.sum(bent)).item()
