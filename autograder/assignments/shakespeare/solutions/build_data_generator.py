# A helper that yields pairs, and a list of two lists.
# %%
def windows(text, Tx, stride):
    for number in range(-(-(len(text) - Tx) // stride)):
        start = number * stride
        yield text[start : start + Tx], text[start + Tx]
# %%
def build_data(text, Tx=40, stride=3):
    X, Y = [], []
    for window, following in windows(text, Tx, stride):
        X.append(window)
        Y.append(following)
    return [X, Y]
