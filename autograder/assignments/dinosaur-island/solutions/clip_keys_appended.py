# What `clip` uses is filled in by a loop, a condition and a function.
# %%
KEYS, SETTINGS = [], {}
for k in ["Wax", "Waa", "Wya"]:
    KEYS.append("d" + k)
if not SETTINGS:
    SETTINGS.update(more=["db", "dby"])


def setup(keys):
    global LOW
    keys.extend(SETTINGS["more"])
    LOW = -1


setup(KEYS)
# %%
def clip(gradients, maxValue):
    for k in KEYS:
        gradients[k] = np.clip(gradients[k], LOW * maxValue, maxValue)
    return gradients
