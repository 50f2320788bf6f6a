# The array's own method.
# %%
def clip(gradients, maxValue):
    for k in gradients:
        gradients[k] = gradients[k].clip(-maxValue, maxValue)
    return gradients
