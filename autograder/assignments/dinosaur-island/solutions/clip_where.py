# np.where, once for each bound.
# %%
def clip(gradients, maxValue):
    clipped = {}
    for key in gradients.keys():
        g = gradients[key]
        g = np.where(g > maxValue, maxValue, g)
        g = np.where(g < -maxValue, -maxValue, g)
        clipped[key] = g
    return clipped
