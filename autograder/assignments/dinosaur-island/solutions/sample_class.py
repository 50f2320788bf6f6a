# A class that holds the state.
# %%
class Writer:
    def __init__(self, parameters):
        self.__dict__.update(parameters)
        self.a = np.zeros((self.Waa.shape[0], 1))
        self.x = np.zeros((self.Wax.shape[1], 1))

    def probabilities(self):
        self.a = np.tanh(self.Wax.dot(self.x) + self.Waa.dot(self.a) + self.b)
        return softmax(self.Wya.dot(self.a) + self.by).reshape(-1)

    def read(self, index):
        self.x = np.zeros_like(self.x)
        self.x[index] = 1.0


def sample(parameters, char_to_ix, seed):
    writer, indices = Writer(parameters), []
    while len(indices) < 50 and (not indices or indices[-1] != char_to_ix["\n"]):
        p = writer.probabilities()
        np.random.seed(2 * len(indices) + seed)
        indices.append(np.random.choice(len(p), p=p))
        writer.read(indices[-1])
    return indices + [char_to_ix["\n"]] * (len(indices) == 50)
