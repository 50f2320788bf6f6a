# What follows the windows is a slice with a step.
# %%
def build_data(text, Tx=40, stride=3):
    Y = list(text[Tx::stride])
    X = [text[stride * n : stride * n + Tx] for n in range(len(Y))]
    return X, Y
