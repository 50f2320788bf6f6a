# Python's random.choices, which divides by the sum itself.
# %%
import random


def sample(preds, temperature=1.0):
    return random.choices(range(len(preds)), weights=[float(p) ** (1 / temperature) for p in preds])[0]
