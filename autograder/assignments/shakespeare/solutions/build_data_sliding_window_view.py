# NumPy's sliding windows over the characters.
# %%
from numpy.lib.stride_tricks import sliding_window_view


def build_data(text, Tx=40, stride=3):
    if len(text) <= Tx:
        return [], []
    rows = sliding_window_view(np.array(list(text)), Tx + 1)[::stride]
    return ["".join(row[:-1]) for row in rows], [str(row[-1]) for row in rows]
