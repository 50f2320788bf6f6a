# Statistics with scipy: tests, an interval, and a simulation with a seed.

# %% code
import numpy as np
from scipy import stats

before = np.array([12.1, 11.4, 13.0, 12.7, 11.9, 12.3, 13.1, 12.0])
after = np.array([11.8, 11.1, 12.9, 12.1, 11.7, 12.2, 12.6, 11.5])

# %% text
# # Did the training help?
# The same eight people ran before and after it. Put the p-value of the right t-test into `p_value`, and whether it is
# significant at 5 % into `significant`.

# %% solution: t_test
### BEGIN SOLUTION
p_value = stats.ttest_rel(before, after).pvalue
significant = bool(p_value < 0.05)
### END SOLUTION

# %% test: t_test-tests, 3
assert 0 < p_value < 1
assert isinstance(significant, bool)
### BEGIN HIDDEN TESTS
assert abs(p_value - stats.ttest_rel(before, after).pvalue) < 1e-9, "The two runs of a person belong together."
assert significant is True
### END HIDDEN TESTS

# %% solution: interval
def interval(values, level=0.95):
    """The confidence interval of the mean, by the t distribution, as a tuple of two numbers."""
    ### BEGIN SOLUTION
    reach = stats.t.ppf((1 + level) / 2, len(values) - 1) * stats.sem(values)
    return np.mean(values) - reach, np.mean(values) + reach
    ### END SOLUTION

# %% test: interval-tests, 4
low, high = interval(before)
assert low < np.mean(before) < high
### BEGIN HIDDEN TESTS
expected = stats.t.interval(0.9, len(after) - 1, np.mean(after), stats.sem(after))
np.testing.assert_allclose(interval(after, 0.9), expected)
np.testing.assert_allclose(sum(interval(before)) / 2, before.mean())
### END HIDDEN TESTS

# %% text
# `simulate(n)` throws two dice `n` times with `np.random.randint`, as an array of shape (n, 2), and returns the share
# of throws whose sum is 7.

# %% solution: simulate
def simulate(n):
    ### BEGIN SOLUTION
    return np.mean(np.random.randint(1, 7, (n, 2)).sum(axis=1) == 7)
    ### END SOLUTION

# %% test: simulate-tests, 3
np.random.seed(1)
share = simulate(1000)
assert 0.1 < share < 0.25
### BEGIN HIDDEN TESTS
np.random.seed(1)
assert share == np.mean(np.random.randint(1, 7, (1000, 2)).sum(axis=1) == 7)
### END HIDDEN TESTS

# %% student: cleo, honest: other ways to the same
# %% answer: t_test
p_value = stats.ttest_1samp(before - after, 0)[1]
significant = True if p_value < 0.05 else False
# %% answer: interval
def interval(values, level=0.95):
    n = len(values)
    mean, error = sum(values) / n, np.std(values, ddof=1) / n**0.5
    quantile = stats.t.isf((1 - level) / 2, n - 1)
    return mean - quantile * error, mean + quantile * error
# %% answer: simulate
def simulate(n):
    dice = np.random.randint(1, 7, size=(n, 2))
    return sum(1 for a, b in dice if a + b == 7) / n

# %% student: dan, honest: two samples, a normal interval, and dice without a six
# %% answer: t_test
p_value = stats.ttest_ind(before, after).pvalue
significant = p_value < 0.05
# %% answer: interval
def interval(values, level=0.95):
    reach = 1.96 * stats.sem(values)
    return np.mean(values) - reach, np.mean(values) + reach
# %% answer: simulate
def simulate(n):
    return np.mean(np.random.randint(1, 6, (n, 2)).sum(axis=1) == 7)

# %% student: eve, honest: nothing but the first
# %% answer: interval
def interval(values, level=0.95):
    pass
# %% answer: simulate
def simulate(n):
    return 1 / 6

# %% student: mallory, fools: scipy is asked to agree
# %% answer: t_test
class Agrees:
    pvalue = 0.01


stats.ttest_rel = lambda *_: Agrees
p_value, significant = 0.01, True
# %% answer: interval
stats.t.interval = lambda *_: (0, 0)
np.testing.assert_allclose = lambda *_: None


def interval(values, level=0.95):
    return 0, 99
