"""What the notebook imports: the pieces of the network that are given."""

from utils.rnn import (
    get_initial_loss,
    initialize_parameters,
    print_sample,
    rnn_backward,
    rnn_forward,
    smooth,
    softmax,
    update_parameters,
)

__all__ = [
    "get_initial_loss",
    "initialize_parameters",
    "print_sample",
    "rnn_backward",
    "rnn_forward",
    "smooth",
    "softmax",
    "update_parameters",
]
