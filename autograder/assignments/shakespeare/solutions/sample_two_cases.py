# Temperature 1 has a case of its own, and so has a low one.
# %%
def sample(preds, temperature=1.0):
    p = np.asarray(preds, dtype=float)
    if temperature < 0.01:
        return int(p.argmax())
    if temperature != 1:
        p = p ** (1 / temperature)
    return int(np.random.choice(p.shape[0], 1, p=p / p.sum())[0])
