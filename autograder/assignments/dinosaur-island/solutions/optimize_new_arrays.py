# New arrays put into the same dictionary.
# %%
def optimize(X, Y, a_prev, parameters, learning_rate=0.01):
    loss, cache = rnn_forward(X, Y, a_prev, parameters)
    gradients, a = rnn_backward(X, Y, parameters, cache)
    clipped = clip(gradients, 5)
    for name, value in list(parameters.items()):
        parameters[name] = value - learning_rate * clipped["d" + name]
    return loss, clipped, a[len(X) - 1]
