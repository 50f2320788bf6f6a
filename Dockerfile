# The grader as a container: docs/instructors.md has the commands. The course is mounted at /course.
FROM python:3.13-slim-bookworm
WORKDIR /engine
COPY requirements-grading.lock ./
RUN pip install --no-cache-dir --require-hashes --requirement requirements-grading.lock
COPY pyproject.toml README.md LICENSE ./
COPY autograder autograder
RUN pip install --no-cache-dir --no-deps --no-build-isolation . && rm -r /engine
RUN useradd --create-home grader
USER grader
ENV HOME=/tmp
WORKDIR /course
ENTRYPOINT ["autograder"]
