# np.minimum and np.maximum.
# %%
def clip(gradients, maxValue):
    for name in ("dWax", "dWaa", "dWya", "db", "dby"):
        gradients[name] = np.maximum(np.minimum(gradients[name], maxValue), -maxValue)
    return gradients
