# Key names put together in the loop.
# %%
def clip(gradients, maxValue):
    result = dict(gradients)
    for parameter in ["Waa", "Wax", "Wya", "b", "by"]:
        result[f"d{parameter}"] = np.clip(gradients["d" + parameter], a_min=-maxValue, a_max=maxValue)
    return result
