# A deep copy first.
# %%
import copy

def clip(gradients, maxValue):
    gradients = copy.deepcopy(gradients)
    for gradient in gradients.values():
        np.clip(gradient, -maxValue, maxValue, gradient)
    return gradients
