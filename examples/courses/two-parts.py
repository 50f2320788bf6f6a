# Two notebooks in one assignment, a question that a person grades, and partial credit.

# %% notebook: part-1
# %% solution: primes
def primes(n):
    """The primes below n."""
    ### BEGIN SOLUTION
    return [k for k in range(2, n) if all(k % d for d in range(2, int(k**0.5) + 1))]
    ### END SOLUTION

# %% test: primes-tests, 3
found = sum(primes(n) == expected for n, expected in [(2, []), (12, [2, 3, 5, 7, 11]), (26, [2, 3, 5, 7, 11, 13, 17, 19, 23])])
found

# %% text
# Why is it enough to divide by numbers up to the square root? Answer in two or three sentences.

# %% manual: why, 2
# A factor above the root would need another one below it.

# %% notebook: part-2
# %% solution: countdown
def countdown(n):
    """A generator of n, n - 1, ..., 1."""
    ### BEGIN SOLUTION
    while n > 0:
        yield n
        n -= 1
    ### END SOLUTION

# %% test: countdown-tests, 2
import types

assert isinstance(countdown(3), types.GeneratorType)
assert list(countdown(3)) == [3, 2, 1]
### BEGIN HIDDEN TESTS
steps = countdown(10**9)
assert next(steps) == 10**9 and next(steps) == 10**9 - 1
assert list(countdown(0)) == []
### END HIDDEN TESTS

# %% solution: twice
def twice(f):
    """A function that applies `f` twice."""
    ### BEGIN SOLUTION
    return lambda x: f(f(x))
    ### END SOLUTION

# %% test: twice-tests, 2
assert twice(lambda x: x + 3)(1) == 7
### BEGIN HIDDEN TESTS
assert twice(twice(lambda x: 2 * x))(1) == 16
assert twice(str.strip)(" a ") == "a"
### END HIDDEN TESTS

# %% student: cleo, honest: other ways to the same
# %% answer: primes
def primes(n):
    sieve = [True] * n
    found = []
    for k in range(2, n):
        if sieve[k]:
            found.append(k)
            sieve[k * k :: k] = [False] * len(sieve[k * k :: k])
    return found
# %% answer: countdown
def countdown(n):
    yield from range(n, 0, -1)
# %% answer: twice
def twice(f):
    def both(x):
        return f(f(x))

    return both

# %% student: dan, honest: 1 is no prime, a list is no generator
# %% answer: primes
def primes(n):
    return [k for k in range(1, n) if all(k % d for d in range(2, k))] if n > 2 else []
# %% answer: countdown
def countdown(n):
    return list(range(n, 0, -1))

# %% student: eve, honest: a countdown that counts upwards, and f once
# %% answer: countdown
def countdown(n):
    yield from range(1, n + 1)
# %% answer: twice
def twice(f):
    return f

# %% student: mallory, fools: objects that equal everything
# %% answer: primes
class Right(list):
    def __eq__(self, other):
        return True


def primes(n):
    return Right([4])
# %% answer: twice
class Equal:
    def __call__(self, x):
        return self

    def __eq__(self, other):
        return True


def twice(f):
    return Equal()
