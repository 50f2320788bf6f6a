# Two list comprehensions.
# %%
def build_data(text, Tx=40, stride=3):
    starts = range(0, len(text) - Tx, stride)
    return [text[i : i + Tx] for i in starts], [text[i + Tx] for i in starts]
