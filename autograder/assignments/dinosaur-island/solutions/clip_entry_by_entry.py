# Plain loops over rows and columns.
# %%
def clip(gradients, maxValue):
    for name in ["dWax", "dWaa", "dWya", "db", "dby"]:
        array = gradients[name]
        for i in range(array.shape[0]):
            for j in range(array.shape[1]):
                if array[i, j] > maxValue:
                    array[i, j] = maxValue
                elif array[i, j] < -maxValue:
                    array[i, j] = -maxValue
    return gradients
