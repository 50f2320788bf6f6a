"""筆記本匯入的東西：網路裡已經寫好的部分。"""

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
