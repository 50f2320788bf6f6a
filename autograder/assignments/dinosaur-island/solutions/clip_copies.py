# Copies instead of clipping in place; all keys, da_next too.
# %%
def clip(gradients, maxValue):
    return {name: np.clip(gradient, -maxValue, maxValue) for name, gradient in gradients.items()}
