# Plain Python, without NumPy.
# %%
import math
import random


def sample(preds, temperature=1.0):
    weights = [math.exp(math.log(p) / temperature) if p > 0 else 0.0 for p in preds]
    left = random.random() * sum(weights)
    for index, weight in enumerate(weights):
        left -= weight
        if left < 0:
            break
    return index
