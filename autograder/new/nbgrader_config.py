"""nbgrader's configuration of this course; the traits are explained by `nbgrader autograde --help-all`."""

import os

from autograder import plug_in

c = get_config()  # noqa: F821 - nbgrader provides it
plug_in(c)  # release, sandbox, feedback

c.CourseDirectory.course_id = "COURSE"
if "GRADEBOOK_URL" in os.environ:  # such as postgresql+psycopg://user:password@host/gradebook; else gradebook.db here
    c.CourseDirectory.db_url = os.environ["GRADEBOOK_URL"]

# Late work: nothing is late where an assignment has no due date.
c.AssignLatePenalties.plugin_class = "autograder.plugins.late.PercentPerDay"
c.PercentPerDay.percent = 10  # of what was earned, for each day that has begun
c.PercentPerDay.grace_minutes = 15

# What of the course a release carries beside its notebook, by assignment, such as {"sums": ["datasets/numbers.csv"]}.
c.BundleFiles.files = {}

# What one submission may use.
c.GradeInSandbox.seconds_per_call = 10
c.GradeInSandbox.seconds_per_submission = 90
c.GradeInSandbox.memory_mb = 1024
