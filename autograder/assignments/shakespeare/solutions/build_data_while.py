# A while loop, and other parameter names.
# %%
def build_data(sonnets, window=40, step=3):
    X = []
    Y = []
    i = 0
    while i + window < len(sonnets):
        X += [sonnets[i : i + window]]
        Y += [sonnets[i + window]]
        i += step
    return X, Y
