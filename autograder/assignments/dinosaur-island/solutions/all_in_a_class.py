# Everything in a class; the functions only call it.
# %%
class Dinosaurs:
    NAMES = "Wax Waa Wya b by".split()

    @staticmethod
    def clip(gradients, bound):
        return {"d" + n: np.clip(gradients["d" + n], -bound, bound) for n in Dinosaurs.NAMES}

    @classmethod
    def step(cls, X, Y, a_prev, parameters, rate):
        loss, cache = rnn_forward(X, Y, a_prev, parameters)
        gradients, a = rnn_backward(X, Y, parameters, cache)
        gradients = cls.clip(gradients, 5)
        for n in cls.NAMES:
            parameters[n][...] -= rate * gradients["d" + n]
        return loss, gradients, a[len(X) - 1]
# %%
def clip(gradients, maxValue):
    return Dinosaurs.clip(gradients, maxValue)
# %%
def optimize(X, Y, a_prev, parameters, learning_rate=0.01):
    return Dinosaurs.step(X, Y, a_prev, parameters, learning_rate)
