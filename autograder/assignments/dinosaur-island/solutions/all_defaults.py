# Decorated functions, functools and lambdas.
# %%
from functools import partial, wraps

def counted(function):
    @wraps(function)
    def wrapper(*args, **kwargs):
        wrapper.calls += 1
        return function(*args, **kwargs)
    wrapper.calls = 0
    return wrapper

@counted
def clip(gradients, maxValue):
    limit = partial(np.clip, a_min=-maxValue, a_max=maxValue)
    return {name: limit(gradient) for name, gradient in gradients.items()}

optimize_calls = 0

@counted
def optimize(X, Y, a_prev, parameters, learning_rate=0.01):
    loss, cache = rnn_forward(X, Y, a_prev, parameters)
    gradients, a = rnn_backward(X, Y, parameters, cache)
    gradients = clip(gradients, 5)
    update_parameters(parameters, gradients, learning_rate)
    return loss, gradients, a[len(X) - 1]
