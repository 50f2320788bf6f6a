"""`nbgrader zip_collect` on archives laid out like the bulk downloads of Canvas, Moodle and Gradescope."""

import subprocess
import sys
import zipfile

import pytest

from autograder.course.new_assignment import new_assignment

# Path in the archive -> where it has to be in submitted/.
DOWNLOADS = {
    "canvas": {
        "doejane_12345_678910_averages.ipynb": "12345/averages/averages.ipynb",
        "roejohn_LATE_23456_678911_averages-1.ipynb": "23456/averages/averages-1.ipynb",
        "müllerjürgen_34567_678912_my_averages_2_3.ipynb": "34567/averages/my_averages_2_3.ipynb",
        "doejane_45678_678913_averages.ipynb": "45678/averages/averages.ipynb",
    },
    "moodle": {
        "Jane Doe_12345_assignsubmission_file_/averages.ipynb": "12345/averages/averages.ipynb",
        "Jean_Luc O'Hara_23456_assignsubmission_file_/work/averages.ipynb": "23456/averages/work/averages.ipynb",
        "Group A-John Roe_34567_assignsubmission_file_/x_12345_1_a.ipynb": "34567/averages/x_12345_1_a.ipynb",
        "Participant 45678_56789_assignsubmission_file/averages.ipynb": "56789/averages/averages.ipynb",
    },
    "moodle, all in one folder": {
        "Jane Doe_12345_assignsubmission_file_averages.ipynb": "12345/averages/averages.ipynb",
        "Zoë Roe_23456_assignsubmission_file_averages (1).ipynb": "23456/averages/averages (1).ipynb",
        "Eve Roe_34567_assignsubmission_file_x_12345_assignsubmission_file_a.ipynb": (
            "34567/averages/x_12345_assignsubmission_file_a.ipynb"
        ),
    },
    "gradescope": {
        "assignment_77_export/submission_12345/averages.ipynb": "12345/averages/averages.ipynb",
        "assignment_77_export/submission_23456/submission_12345/averages.ipynb": (
            "23456/averages/submission_12345/averages.ipynb"
        ),
        "assignment_77_export/submission_metadata.yml": None,
    },
}


@pytest.mark.parametrize("platform", DOWNLOADS)
def test_a_bulk_download_is_collected_as_it_is(tmp_path, platform):
    """Nobody's file goes to another student, whatever students call their files."""
    root = tmp_path / "doe_1_2_course"
    root.mkdir()
    new_assignment("averages", root)
    (root / "release" / "averages").mkdir(parents=True)
    (root / "release" / "averages" / "averages.ipynb").write_bytes(
        (root / "source" / "averages" / "averages.ipynb").read_bytes()
    )
    archives = root / "downloaded" / "averages" / "archive"
    archives.mkdir(parents=True)
    with zipfile.ZipFile(archives / "submissions.zip", "w") as archive:
        for path in DOWNLOADS[platform]:
            archive.writestr(path, path)
    command = [sys.executable, "-m", "nbgrader", "zip_collect", "averages"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
    submitted = root / "submitted"
    found = {str(path.relative_to(submitted)): path.read_text() for path in submitted.rglob("*") if path.is_file()}
    assert found == {place: path for path, place in DOWNLOADS[platform].items() if place}
