# Only the five gradients, in a new dictionary.
# %%
def optimize(X, Y, a_prev, parameters, learning_rate=0.01):
    loss, cache = rnn_forward(X, Y, a_prev, parameters)
    gradients, a = rnn_backward(X, Y, parameters, cache)
    five = {"d" + name: gradients["d" + name] for name in parameters}
    five = clip(five, 5)
    update_parameters(parameters, five, learning_rate)
    return (loss, five, a[len(X) - 1].copy())
