# Type hints and assertions.
# %%
from typing import Any

Arrays = dict[str, np.ndarray]


def optimize(
    X: list[Any], Y: list[int], a_prev: np.ndarray, parameters: Arrays, learning_rate: float = 0.01
) -> tuple[float, Arrays, np.ndarray]:
    assert len(X) == len(Y)
    loss, cache = rnn_forward(X, Y, a_prev, parameters)
    gradients, a = rnn_backward(X, Y, parameters, cache)
    gradients = clip(gradients, 5)
    update_parameters(parameters, gradients, learning_rate)
    a_last = a[len(X) - 1]
    assert a_last.shape == a_prev.shape
    return loss, gradients, a_last
