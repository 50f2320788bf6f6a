# A helper function in a cell of its own.
# %%
def limited(array, low, high):
    """The array with every entry between low and high."""
    out = array.copy()
    out[out < low] = low
    out[out > high] = high
    return out
# %%
def clip(gradients, maxValue):
    for name in gradients:
        gradients[name] = limited(gradients[name], -maxValue, maxValue)
    return gradients
