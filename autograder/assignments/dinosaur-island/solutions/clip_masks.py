# Boolean masks, in place.
# %%
def clip(gradients, maxValue):
    for gradient in gradients.values():
        gradient[gradient > maxValue] = maxValue
        gradient[gradient < -maxValue] = -maxValue
    return gradients
