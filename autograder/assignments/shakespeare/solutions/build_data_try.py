# An exception ends the loop.
# %%
def build_data(text: str, Tx: int = 40, stride: int = 3) -> tuple[list[str], list[str]]:
    X, Y = [], []
    i = 0
    try:
        while True:
            Y.append(text[i + Tx])
            X.append(text[i : i + Tx])
            i = i + stride
    except IndexError:
        pass
    return X, Y
