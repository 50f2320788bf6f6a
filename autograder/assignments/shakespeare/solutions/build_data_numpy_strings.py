# Lists of NumPy's own strings.
# %%
def build_data(text, Tx=40, stride=3):
    starts = range(0, len(text) - Tx, stride)
    return [np.str_(text[i : i + Tx]) for i in starts], [np.str_(text[i + Tx]) for i in starts]
