# Prints how many windows there are, as the original does.
# %%
def build_data(text, Tx=40, stride=3):
    X = list()
    Y = list()
    for i in range(0, len(text) - Tx, stride):
        X.append(text[i : i + Tx])
        Y.append(text[i + Tx])
    print("number of training examples:", len(X))
    return X, Y
