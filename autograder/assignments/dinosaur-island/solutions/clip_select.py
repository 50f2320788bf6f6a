# np.select between three cases.
# %%
def clip(gradients, maxValue):
    clipped = {}
    for name in ("dWax", "dWaa", "dWya", "db", "dby"):
        g = gradients[name]
        clipped[name] = np.select([g < -maxValue, g > maxValue], [-maxValue, maxValue], default=g)
    return clipped
