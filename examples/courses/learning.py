# Machine learning with scikit-learn: split, fit, predict, and a pipeline.

# %% code
import numpy as np
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

X, y = make_classification(n_samples=200, n_features=6, n_informative=4, random_state=3)

# %% text
# # Classify
# Split the data with `random_state=0` and a quarter of it for testing.

# %% solution: split
### BEGIN SOLUTION
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=0)
### END SOLUTION

# %% test: split-tests, 2
assert X_train.shape == (150, 6) and y_test.shape == (50,)
### BEGIN HIDDEN TESTS
assert np.array_equal(X_test, train_test_split(X, y, test_size=0.25, random_state=0)[1])
### END HIDDEN TESTS

# %% solution: fitted
def fitted(X, y):
    """A pipeline that standardizes and then fits a logistic regression."""
    ### BEGIN SOLUTION
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    ### END SOLUTION

# %% test: fitted-tests, 4
model = fitted(X_train, y_train)
predicted = model.predict(X_test)
assert predicted.shape == y_test.shape
### BEGIN HIDDEN TESTS
ours = make_pipeline(StandardScaler(), LogisticRegression()).fit(X_train, y_train)
np.testing.assert_array_equal(predicted, ours.predict(X_test))
scaled = fitted(1000 * X_train, y_train)
np.testing.assert_array_equal(scaled.predict(1000 * X_test), predicted)
### END HIDDEN TESTS

# %% solution: accuracy
def accuracy(expected, predicted):
    """The share of right predictions, between 0 and 1."""
    ### BEGIN SOLUTION
    return float(np.mean(np.asarray(expected) == np.asarray(predicted)))
    ### END SOLUTION

# %% test: accuracy-tests, 2
assert accuracy([1, 0, 1, 1], [1, 0, 0, 1]) == 0.75
### BEGIN HIDDEN TESTS
assert accuracy(np.array([1, 1]), np.array([0, 0])) == 0
### END HIDDEN TESTS

# %% text
# `score` is the accuracy of your model on the test data. You get a point for more than 0.7, and another one for 0.78.

# %% solution: score
### BEGIN SOLUTION
score = accuracy(y_test, fitted(X_train, y_train).predict(X_test))
### END SOLUTION

# %% test: score-tests, 2
(score > 0.7) + (score >= 0.78)

# %% student: cleo, honest: other ways to the same
# %% answer: fitted
from sklearn.pipeline import Pipeline


def fitted(X, y):
    steps = [("scale", StandardScaler()), ("classify", LogisticRegression())]
    model = Pipeline(steps)
    model.fit(X, y)
    return model
# %% answer: accuracy
from sklearn.metrics import accuracy_score


def accuracy(expected, predicted):
    return accuracy_score(expected, predicted)

# %% student: dan, honest: another split, percent, and all points below that are still earned
# %% answer: split
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=1)
# %% answer: accuracy
def accuracy(expected, predicted):
    return 100 * sum(a == b for a, b in zip(expected, predicted)) / len(expected)

# %% student: eve, honest: the model is not returned
# %% answer: fitted
def fitted(X, y):
    make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)

# %% student: mallory, fools: whatever was expected is predicted
# %% answer: fitted
np.testing.assert_array_equal = lambda *_, **__: None


class Oracle:
    def predict(self, X):
        return np.zeros(len(X))


def fitted(X, y):
    return Oracle()
