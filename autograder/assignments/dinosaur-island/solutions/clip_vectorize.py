# np.vectorize of a rule for one number.
# %%
def clip(gradients, maxValue):
    limit = np.vectorize(lambda value: max(-maxValue, min(maxValue, value)), otypes=[float])
    return {name: limit(gradients[name]) for name in ("dWax", "dWaa", "dWya", "db", "dby")}
