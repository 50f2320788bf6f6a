# Type hints, and parameters of other names.
# %%
def clip(grads: dict[str, np.ndarray], limit: float) -> dict[str, np.ndarray]:
    out: dict[str, np.ndarray] = {}
    for key, value in grads.items():
        out[key] = np.clip(value, -limit, limit)
    return out
