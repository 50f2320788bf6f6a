"""docs/instructors.md, followed to the letter: from a new course to exported grades."""

import csv
import os
import re
import subprocess
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "instructors.md"


def test_the_commands_of_the_page_take_a_new_course_to_exported_grades(tmp_path):
    blocks = re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    course = tmp_path / "statistics"
    course.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "GRADEBOOK_URL"}
    script = "set -euxo pipefail\n" + "".join(blocks)
    done = subprocess.run(
        ["bash", "-c", script], cwd=course, env=environment, capture_output=True, text=True, timeout=400
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with open(course / "canvas.csv", newline="", encoding="utf-8") as file:
        scores = {row["SIS Login ID"]: row["averages"] for row in csv.DictReader(file)}
    assert scores == {"": "10", "ann": "10", "bob": "0"}
    for name in ("grades.csv", "moodle.csv", "junit.xml", "summary.md", "averages-report.html"):
        assert (course / name).stat().st_size > 0
    assert sorted(path.parts[-3] for path in course.glob("feedback/*/*/*.html")) == ["ann", "bob"]
