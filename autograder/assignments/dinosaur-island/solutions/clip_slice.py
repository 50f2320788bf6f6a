# Written back through a slice.
# %%
def clip(gradients, maxValue):
    for _, gradient in gradients.items():
        gradient[:] = np.clip(gradient, -maxValue, maxValue)
    return gradients
