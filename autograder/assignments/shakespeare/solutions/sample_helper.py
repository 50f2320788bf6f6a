# A helper that bends, in a cell of its own, and a print.
# %%
def bend(preds, temperature):
    logs = np.log(np.clip(preds.astype("float64"), 1e-30, None))
    scaled = np.exp(logs / temperature)
    return scaled / scaled.sum()
# %%
def sample(preds, temperature=1.0):
    p = bend(preds, temperature)
    index = np.random.choice(list(range(len(p))), p=p)
    print(index, end=" ")
    return index
