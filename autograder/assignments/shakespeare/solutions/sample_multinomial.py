# Logarithm, exponential, and one throw of a multinomial die.
# %%
def sample(preds, temperature=1.0):
    logits = np.log(np.asarray(preds).astype("float64")) / temperature
    weights = np.exp(logits)
    weights = weights / np.sum(weights)
    throw = np.random.multinomial(1, weights)
    return np.argmax(throw)
