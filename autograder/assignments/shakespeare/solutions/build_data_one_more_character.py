# Pieces of Tx + 1 characters, the last ones left out where they are too short.
# %%
def build_data(text, Tx=40, stride=3):
    pieces = [text[i : i + Tx + 1] for i in range(0, len(text), stride)]
    pieces = [piece for piece in pieces if len(piece) == Tx + 1]
    return [piece[:-1] for piece in pieces], [piece[-1] for piece in pieces]
