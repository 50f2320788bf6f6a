# np.clip itself instead of the student's clip.
# %%
def optimize(X, Y, a_prev, parameters, learning_rate=0.01):
    loss, cache = rnn_forward(X, Y, a_prev, parameters)
    gradients, a = rnn_backward(X, Y, parameters, cache)
    gradients = {name: np.clip(gradient, -5, 5) for name, gradient in gradients.items()}
    parameters.update(update_parameters(parameters, gradients, learning_rate))
    return loss, gradients, a[len(X) - 1]
