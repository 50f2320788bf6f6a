# Pairs, taken apart at the end: two tuples.
# %%
def build_data(text, Tx=40, stride=3):
    pairs = [(text[i : i + Tx], text[i + Tx]) for i in range(0, len(text) - Tx, stride)]
    if not pairs:
        return (), ()
    X, Y = zip(*pairs)
    return X, Y
