# The name `random` is a function, and helpers have names that anybody could choose.
# %%
from random import random


def predicted(p, number):
    return sum(boundary <= number for boundary in p.cumsum()[:-1])
# %%
def sample(preds, temperature=1.0):
    p = preds.astype(float) ** (1 / temperature)
    return int(predicted(p / p.sum(), random()))
