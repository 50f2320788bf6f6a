# Arrays of strings instead of lists, as astype makes them of an index matrix.
# %%
def build_data(text, Tx=40, stride=3):
    starts = np.arange(0, max(len(text) - Tx, 0), stride)
    return np.array([text[i : i + Tx] for i in starts]), np.array([text[i + Tx] for i in starts])
