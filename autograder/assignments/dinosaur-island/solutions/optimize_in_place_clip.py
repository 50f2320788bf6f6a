# clip works in place, so its result need not be kept.
# %%
def optimize(X, Y, a_prev, parameters, learning_rate=0.01):
    """One step."""
    loss, cache = rnn_forward(X, Y, a_prev, parameters)
    gradients, a = rnn_backward(X, Y, parameters, cache)
    clip(gradients, 5)
    update_parameters(parameters, gradients, lr=learning_rate)
    last = len(X) - 1
    return loss, gradients, a[last]
