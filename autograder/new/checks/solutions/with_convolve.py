import numpy as np


def moving_average(values, window):
    return np.convolve(values, np.ones(window) / window, mode="valid")
