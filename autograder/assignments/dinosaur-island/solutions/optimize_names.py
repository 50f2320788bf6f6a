# Other names, keywords in the calls.
# %%
def optimize(x_ids, y_ids, hidden, params, learning_rate=0.01):
    cost, memory = rnn_forward(x_ids, y_ids, hidden, params)
    grads, states = rnn_backward(x_ids, y_ids, params, memory)
    grads = clip(grads, maxValue=5)
    params = update_parameters(params, grads, learning_rate)
    return cost, grads, states[len(x_ids) - 1]
