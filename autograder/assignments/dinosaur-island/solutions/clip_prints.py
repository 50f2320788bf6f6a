# Prints and warns on the way.
# %%
import sys
import warnings

def clip(gradients, maxValue):
    print("clipping", len(gradients), "arrays", file=sys.stderr)
    warnings.warn("careful")
    for name in gradients:
        np.clip(gradients[name], -maxValue, maxValue, out=gradients[name])
    return gradients
