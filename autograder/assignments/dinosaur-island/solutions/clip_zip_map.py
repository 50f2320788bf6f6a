# zip and map.
# %%
def clip(gradients, maxValue):
    return dict(zip(gradients.keys(), map(lambda g: np.clip(g, -maxValue, maxValue), gradients.values())))
