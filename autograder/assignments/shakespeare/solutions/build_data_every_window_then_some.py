# All windows, and then every third of them.
# %%
def build_data(text, Tx=40, stride=3):
    X, Y = [], []
    for i in range(len(text) - Tx):
        if i % stride == 0:
            X.append(text[i : i + Tx])
            Y.append(text[i + Tx])
    return X, Y
