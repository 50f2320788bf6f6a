# Sign times size.
# %%
def clip(gradients, maxValue):
    for name, gradient in gradients.items():
        gradients[name] = np.sign(gradient) * np.minimum(np.abs(gradient), maxValue)
    return gradients
