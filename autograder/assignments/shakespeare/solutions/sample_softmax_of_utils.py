# The softmax of the island, of the logarithms.
# %%
from utils import softmax
# %%
def sample(preds, temperature=1.0):
    with np.errstate(divide="ignore"):
        p = softmax(np.log(np.asarray(preds, dtype=float)) / temperature)
    return int(np.random.choice(len(p), p=p))
