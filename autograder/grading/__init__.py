"""From a Submission to a Report."""
