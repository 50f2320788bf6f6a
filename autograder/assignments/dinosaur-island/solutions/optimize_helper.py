# Forward and backward in a helper's cell.
# %%
def forward_backward(X, Y, a_prev, parameters):
    loss, cache = rnn_forward(X, Y, a_prev, parameters)
    return (loss, *rnn_backward(X, Y, parameters, cache))
# %%
def optimize(X, Y, a_prev, parameters, learning_rate=0.01):
    loss, gradients, a = forward_backward(X, Y, a_prev, parameters)
    gradients = clip(gradients, 5)
    update_parameters(parameters, gradients, learning_rate)
    return loss, gradients, a[len(X) - 1]
