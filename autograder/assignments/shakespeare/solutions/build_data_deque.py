# A deque that the characters run through.
# %%
from collections import deque


def build_data(text, Tx=40, stride=3):
    X, Y = [], []
    window = deque(maxlen=Tx)
    for place, character in enumerate(text):
        if len(window) == Tx and (place - Tx) % stride == 0:
            X.append("".join(window))
            Y.append(character)
        window.append(character)
    return X, Y
