"""Write one of the small courses in examples/courses/ as nbgrader has them, grade it, and print the scores.

    python -m examples.course NAME [FOLDER]

A course is one text. A line `# %% KIND: NAME, ...` begins a cell: `text` (Markdown behind #), `code`, `solution`,
`test` (with its points), `manual` (text that a person grades, with its points). `notebook` begins another notebook,
`file` a file beside it. At the end stand the students: each hands in the solution, but for the cells that are an
`answer`. Those that are `honest` get what stock nbgrader gives them; those that `fool` it do not.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode

COURSES = Path(__file__).parent / "courses"
ASSIGNMENT = "ps1"
CONFIG = """from autograder import plug_in

c = get_config()
plug_in(c)
"""
CELL = re.compile(r"^# %% (\w+)(?:: ([^,\n]+))?(?:, ([^\n]+))?\n(.*?)(?=^# %% |\Z)", re.MULTILINE | re.DOTALL)


@dataclass
class Student:
    """What somebody hands in: grade_id -> the cell's text, where it is not the solution's."""

    honest: bool
    answers: dict[str, str] = field(default_factory=dict)


@dataclass
class Course:
    """One of the courses: notebooks and files by name, and students."""

    notebooks: dict[str, NotebookNode] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    students: dict[str, Student] = field(default_factory=dict)

    def handed_in(self, student: str, notebook: str) -> NotebookNode:
        """The notebook that a student hands in."""
        answers = self.students[student].answers
        copy: NotebookNode = nbformat.from_dict(self.notebooks[notebook])
        for cell in copy.cells:
            cell.source = answers.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""), cell.source)
        return copy


def names() -> list[str]:
    """The courses."""
    return sorted(path.stem for path in COURSES.glob("*.py"))


def read(name: str) -> Course:
    """A course by its name."""
    course, notebook, student = Course(), name, ""
    for kind, first, rest, text in CELL.findall((COURSES / f"{name}.py").read_text("utf-8")):
        source, plain = text.strip(), re.sub(r"^# ?", "", text.strip(), flags=re.MULTILINE)
        if kind == "notebook":
            notebook = first
        elif kind == "file":
            course.files[first] = plain + "\n"
        elif kind == "student":
            student = first
            course.students[student] = Student(rest.startswith("honest"))
        elif kind == "answer":
            course.students[student].answers[first] = source
        else:
            cells = course.notebooks.setdefault(notebook, nbformat.v4.new_notebook()).cells
            cells.append(_cell(kind, first, float(rest or 0), plain if kind in ("text", "manual") else source))
    for notebook, node in course.notebooks.items():
        for number, cell in enumerate(node.cells):
            cell.id = f"{notebook}-{number}"  # the same each time
    return course


def _cell(kind: str, grade_id: str, points: float, source: str) -> NotebookNode:
    if kind in ("text", "code"):
        return (nbformat.v4.new_markdown_cell if kind == "text" else nbformat.v4.new_code_cell)(source)
    mark = {"grade_id": grade_id, "solution": kind != "test", "grade": kind != "solution", "locked": kind == "test",
            "schema_version": 3, "task": False}  # fmt: skip
    if kind != "solution":
        mark["points"] = points
    make = nbformat.v4.new_markdown_cell if kind == "manual" else nbformat.v4.new_code_cell
    return make(source, metadata={"nbgrader": {**mark, "cell_type": "markdown" if kind == "manual" else "code"}})


def write(course: Course, root: Path, config: str = CONFIG) -> Path:
    """The course in a directory: its configuration, source notebooks, and what was handed in. Returns the source."""
    source = root / "source" / ASSIGNMENT
    folders = {source: course.notebooks}
    for student in course.students:
        folders[root / "submitted" / student / ASSIGNMENT] = {
            notebook: course.handed_in(student, notebook) for notebook in course.notebooks
        }
    for folder, notebooks in folders.items():
        folder.mkdir(parents=True)
        for notebook, node in notebooks.items():
            nbformat.write(node, folder / f"{notebook}.ipynb")
    for file, text in course.files.items():
        (source / file).write_text(text, "utf-8")
    (root / "nbgrader_config.py").write_text(config, "utf-8")
    return source


def main() -> None:
    """Write a course, release it and grade it."""
    if len(sys.argv) not in (2, 3) or sys.argv[1] not in names():
        sys.exit(f"Say which course: python -m examples.course {'|'.join(names())} [FOLDER]")
    root = Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="course-")).resolve()
    if root.exists() and any(root.iterdir()):
        sys.exit(f"{root} is not empty: name a new directory.")
    write(read(sys.argv[1]), root)
    print(f"A course in {root}.")
    for command in (["nbgrader", "generate_assignment", ASSIGNMENT], ["autograder", "grade", ASSIGNMENT]):
        quiet = ["--log-level=ERROR"] if command[0] == "nbgrader" else []
        if status := subprocess.run([sys.executable, "-m", *command, *quiet], cwd=root).returncode:
            sys.exit(status)


if __name__ == "__main__":
    main()
