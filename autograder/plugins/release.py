"""What is plugged into `nbgrader generate_assignment`: the files of the course that a notebook needs."""

from __future__ import annotations

from pathlib import Path

from nbconvert.exporters.exporter import ResourcesDict
from nbformat.notebooknode import NotebookNode
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Dict, List, Unicode

from autograder.course.translation import file_in_words, lesson_words
from autograder.grading.assignment import load_assignment, translated_by


class BundleFiles(NbGraderPreprocessor):
    """Put the course's files that a notebook needs into its release, since nbgrader follows no directory links.

    They speak the language of a translation.
    """

    files = Dict(List(Unicode()), help="By assignment: glob patterns, relative to the course's root.").tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: ResourcesDict) -> tuple[NotebookNode, ResourcesDict]:
        root = Path(self.parent.parent.coursedir.root)
        name = self.parent.parent.coursedir.assignment_id
        known = lesson_words(load_assignment(name, root)) if translated_by(name, root) else {}
        outputs = resources.setdefault("outputs", {})
        for pattern in self.files.get(name, []):
            for path in sorted(root.glob(pattern)):
                outputs[str(path.relative_to(root))] = file_in_words(path, known)
        return nb, resources
