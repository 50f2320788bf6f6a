# NumPy with plots: arrays without loops, and a figure whose parts are looked at.

# %% code
import matplotlib.pyplot as plt
import numpy as np

# %% solution: standardize
def standardize(table):
    """The columns of a 2-D array with mean 0 and standard deviation 1; a constant column becomes zeros."""
    ### BEGIN SOLUTION
    spread = table.std(axis=0)
    return (table - table.mean(axis=0)) / np.where(spread == 0, 1, spread)
    ### END SOLUTION

# %% test: standardize-tests, 3
seen = standardize(np.array([[1.0, 5.0], [3.0, 5.0]]))
np.testing.assert_allclose(seen, [[-1, 0], [1, 0]])
### BEGIN HIDDEN TESTS
np.random.seed(4)
table = np.random.normal(7, 3, (20, 3))
np.testing.assert_allclose(standardize(table).mean(axis=0), 0, atol=1e-12)
np.testing.assert_allclose(standardize(table).std(axis=0), 1)
### END HIDDEN TESTS

# %% solution: trapezoids
def trapezoids(f, a, b, n):
    """The area under the function `f` from `a` to `b`, by `n` trapezoids. `f` takes an array."""
    ### BEGIN SOLUTION
    y = f(np.linspace(a, b, n + 1))
    return (b - a) / n * (y.sum() - (y[0] + y[-1]) / 2)
    ### END SOLUTION

# %% test: trapezoids-tests, 3
assert np.isclose(trapezoids(lambda x: 2 * x, 0, 3, 5), 9)
### BEGIN HIDDEN TESTS
assert np.isclose(trapezoids(np.sin, 0, np.pi, 1000), 2, atol=1e-5)
assert np.isclose(trapezoids(lambda x: x**2, 0, 1, 1), 0.5)
### END HIDDEN TESTS

# %% solution: draw_waves
def draw_waves():
    """Draw a sine from 0 to 2 pi as a line, with a title and a label at each axis, and return the axes."""
    ### BEGIN SOLUTION
    x = np.linspace(0, 2 * np.pi, 100)
    figure, axes = plt.subplots()
    axes.plot(x, np.sin(x))
    axes.set(title="A wave", xlabel="x", ylabel="sin x")
    return axes
    ### END SOLUTION

# %% test: draw_waves-tests, 4
axes = draw_waves()
assert len(axes.lines) == 1, "There should be one line."
assert axes.get_xlabel() and axes.get_ylabel()
### BEGIN HIDDEN TESTS
x, y = axes.lines[0].get_data()
assert len(x) >= 20 and np.isclose(min(x), 0) and np.isclose(max(x), 2 * np.pi)
assert np.allclose(y, np.sin(x)) and axes.get_title()
### END HIDDEN TESTS

# %% student: cleo, honest: other ways to the same
# %% answer: standardize
def standardize(table):
    columns = [(c - c.mean()) / (c.std() or 1) for c in table.T]
    return np.column_stack(columns)
# %% answer: trapezoids
def trapezoids(f, a, b, n):
    edges = [a + (b - a) * i / n for i in range(n + 1)]
    return sum((f(left) + f(right)) / 2 * (right - left) for left, right in zip(edges, edges[1:]))
# %% answer: draw_waves
def draw_waves():
    plt.figure()
    x = np.arange(0, 2 * np.pi + 0.0001, np.pi / 20)
    plt.plot(x, np.sin(x), "r--")
    plt.title("Sine")
    plt.xlabel("angle")
    plt.ylabel("height")
    return plt.gca()

# %% student: dan, honest: a constant column gives nan, one trapezoid is missing, nothing is labelled
# %% answer: standardize
def standardize(table):
    with np.errstate(invalid="ignore"):
        return (table - table.mean(axis=0)) / table.std(axis=0)
# %% answer: trapezoids
def trapezoids(f, a, b, n):
    y = f(np.linspace(a, b, n))
    return (b - a) / n * (y.sum() - (y[0] + y[-1]) / 2)
# %% answer: draw_waves
def draw_waves():
    x = np.linspace(0, 2 * np.pi, 100)
    figure, axes = plt.subplots()
    axes.plot(x, np.sin(x))
    return axes

# %% student: eve, honest: the wrong axis, a loop over nothing, a cosine
# %% answer: standardize
def standardize(table):
    return table - table.mean(axis=1)
# %% answer: trapezoids
def trapezoids(f, a, b, n):
    area = 0
    for i in range(0):
        area += f(i)
    return area
# %% answer: draw_waves
def draw_waves():
    x = np.linspace(0, 2 * np.pi, 100)
    figure, axes = plt.subplots()
    axes.plot(x, np.cos(x))
    axes.set(title="A wave", xlabel="x", ylabel="sin x")
    return axes

# %% student: mallory, fools: NumPy's own comparisons hold for everything
# %% answer: standardize
np.testing.assert_allclose = lambda *_, **__: None
np.isclose = np.allclose = lambda *_, **__: True


def standardize(table):
    return table
# %% answer: trapezoids
def trapezoids(f, a, b, n):
    return 0
