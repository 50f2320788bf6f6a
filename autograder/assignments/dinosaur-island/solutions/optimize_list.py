# A list instead of a tuple, and a plain float for the loss.
# %%
def optimize(X, Y, a_prev, parameters, learning_rate=0.01):
    loss, cache = rnn_forward(X, Y, a_prev, parameters, vocab_size=parameters["by"].shape[0])
    gradients, a = rnn_backward(X, Y, parameters, cache)
    gradients = clip(gradients, 5.0)
    update_parameters(parameters, gradients, learning_rate)
    return [float(loss), gradients, a[len(X) - 1]]
