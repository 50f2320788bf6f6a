"""What is plugged into `nbgrader generate_feedback`: our own page instead of nbconvert's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nbconvert.exporters import Exporter
from nbformat.notebooknode import NotebookNode

from autograder.course.report_cache import last_report
from autograder.grading.assignment import assignment_folder, load_assignment
from autograder.grading.configuration import course_settings, with_usual_words
from autograder.messages import ENGLISH, Message, speaking
from autograder.pages.feedback_page import Recorded, render_feedback

NO_REPORT = Message("What was recorded is shown here as text: `autograder grade` writes the whole page.")


class FeedbackExporter(Exporter):
    """The page that `autograder grade` writes, from the recorded notebook, its Report and the gradebook."""

    file_extension = ".html"
    output_mimetype = "text/html"

    def from_notebook_node(
        self, nb: NotebookNode, resources: dict[str, Any] | None = None, **kwargs: Any
    ) -> tuple[str, dict[str, Any]]:
        """The page's text, and nbconvert's resources."""
        notebook, described = super().from_notebook_node(nb, resources, **kwargs)
        names, root = described["nbgrader"], Path(self.parent.coursedir.root)
        notebook = with_usual_words(notebook, course_settings(root).words)
        assignment = names["assignment"]
        about = load_assignment(assignment, root) if assignment_folder(assignment, root) else None
        report = last_report(root, assignment, names["student"], names["notebook"]) or NO_REPORT
        with speaking(about.language if about else ENGLISH):
            page = render_feedback(
                names["notebook"], notebook, report, _recorded(notebook, names), about.template if about else None
            )
        return page, described


def _recorded(notebook: NotebookNode, names: dict[str, Any]) -> Recorded:
    """What nbgrader's GetGrades took from the gradebook."""
    marks = [cell.metadata.nbgrader for cell in notebook.cells if "nbgrader" in cell.metadata]
    return Recorded(
        {one.grade_id: (one.score, one.points) for one in marks if "score" in one},
        {one.grade_id: one.comment for one in marks if one.get("comment")},
        names["late_penalty"],
    )
