"""The attacks of attacks.toml as notebooks, and what they must leave as it was."""

import contextlib
import ctypes
import os
import socket
import textwrap
import tomllib
from pathlib import Path

import nbformat
import numpy as np
import psutil

from autograder.course.selftest import with_cells
from autograder.grading.assignment import course_root, load_assignment
from tests.redteam.notebooks import REFUSED, REPAIRED, changed

ASSIGNMENT = load_assignment("dinosaur-island", course_root())
BY_FAMILY = tomllib.loads((Path(__file__).parent / "attacks.toml").read_text("utf-8"))
IN_FOLDERS = BY_FAMILY.pop("folder")
AS_CELLS = {(family, name): attack for family, attacks in BY_FAMILY.items() for name, attack in attacks.items()}
AS_FILES = {("file", name): change for name, change in REPAIRED.items()}
NO_NOTEBOOKS = {("file", name): make for name, make in REFUSED.items()}
ATTACKS = [*AS_CELLS, *AS_FILES, *NO_NOTEBOOKS]
SECRET = "the-canary-sings-4711"
HONEST = "def clip(gradients, maxValue):\n    return gradients"  # what the attacks' clip does besides: wrong
# A clip that attacks first. What it should not have been able to do shows as GOT.
WRAPPER = """
def clip(gradients, maxValue):
    seen = []
{see}
    def attack():
{body}
{done}
        return gradients
    try:
        returned = attack()
    except Exception:
        returned = gradients
    if seen:
        raise RuntimeError("GOT: " + str(seen)[:200])
    return returned
"""
SEE = "    def print(*values): seen.append(str(values))"
DONE = "        seen.append('done')"
SUBREAPER = 36  # prctl: orphans become children of this process


def submission(family, name, places, assignment=ASSIGNMENT):
    """The bytes of a submission that attacks; the functions besides `clip` are right."""
    if (family, name) in NO_NOTEBOOKS:
        return NO_NOTEBOOKS[family, name](with_cells(assignment, [HONEST]))
    if (family, name) in AS_FILES:
        return changed(with_cells(assignment, [HONEST]), AS_FILES[family, name])
    attack = AS_CELLS[family, name]
    notebook = nbformat.reads(with_cells(assignment, [attack_cell(family, attack, places)]), as_version=4)
    if "markdown" in attack:
        notebook.cells.append(nbformat.v4.new_markdown_cell(placed(attack["markdown"], places)))
    if "output" in attack:
        data = {kind: placed(text, places) for kind, text in attack["output"].items()}
        output = nbformat.v4.new_output("display_data", data)
        notebook.cells.append(nbformat.v4.new_code_cell("1", outputs=[output]))
    return nbformat.writes(notebook).encode()


def hand_in_folder(name: str, submitted: Path, places) -> Path:
    """Lay out what lies beside the notebook of an attack, or in its place. Returns the directory of its notebook."""
    attack = IN_FOLDERS[name]
    student = submitted / attack.get("student", name)
    folder = student / ASSIGNMENT.name
    for link, target in ((student, attack.get("student_is")), (folder, attack.get("folder"))):
        if target is not None:
            link.parent.mkdir(exist_ok=True)
            link.symlink_to(target)
            return folder
    texts = {"TRAP": "open('FOLDER/executed', 'w')", "WORK": with_cells(ASSIGNMENT, []).decode()}
    files = {f"{ASSIGNMENT.name}.ipynb": with_cells(ASSIGNMENT, [HONEST]).decode()} | attack.get("files", {})
    folder.mkdir(parents=True)
    for path, text in files.items():
        if path not in (*attack.get("links", ()), *attack.get("pipes", ())):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(placed(texts.get(text, text), places))
    for path, target in attack.get("links", {}).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).symlink_to(placed(target, places))
    for path in attack.get("pipes", ()):
        os.mkfifo(folder / path)
    for path, target in attack.get("set_aside", {}).items():
        aside = student / f".{ASSIGNMENT.name}-set-aside" / ASSIGNMENT.name
        aside.mkdir(parents=True)
        (aside / path).symlink_to(placed(target, places))
    return folder


def attack_cell(family, attack, places):
    """The cell of an attack."""
    if "body" in attack:
        text = WRAPPER.format(
            see=SEE if family == "reading" else "",
            done=DONE if family in ("writing", "reaching", "syscalls") else "",
            body=textwrap.indent(attack["body"].strip("\n"), " " * 8),
        )
    else:
        text = attack.get("cell", HONEST)
    return placed(text, places)


def placed(text, places):
    """A text in which the places that it names in capitals are what they are."""
    for place, value in places.items():
        text = text.replace(place, str(value))
    return text


class Surroundings:
    """A grader's surroundings with a secret file, a link and two listening sockets in them."""

    def __init__(self, folder: Path, root: Path) -> None:
        ctypes.CDLL(None).prctl(SUBREAPER, 1, 0, 0, 0)
        self.folder = folder
        folder.mkdir()
        (folder / "canary").write_text(SECRET)
        (folder / "link").symlink_to(SECRET)
        with contextlib.suppress(OSError):  # a file system without attributes
            os.setxattr(folder / "canary", "user.secret", SECRET.encode())
        self.tcp, self.unix = socket.socket(), socket.socket(socket.AF_UNIX)
        self.tcp.bind(("127.0.0.1", 0))
        here = os.getcwd()
        os.chdir(folder)  # a socket's name may have 107 bytes
        self.unix.bind("socket")
        os.chdir(here)
        for listener in (self.tcp, self.unix):
            listener.listen()
            listener.setblocking(False)
        self.places = {
            "CANARY": folder / "canary", "LINK": folder / "link", "FOLDER": folder, "PORT": self.tcp.getsockname()[1],
            "SOCKET": folder / "socket", "PID": os.getpid(), "ROOT": root,
            "HOME": Path.home(),
        }  # fmt: skip
        self._before = snapshot(folder)
        self._root = root

    def close(self) -> None:
        self.tcp.close()
        self.unix.close()

    def harm(self, text: str) -> list[str]:
        """What an attack has done, a few words each. `text` is all that its student gets to see."""
        found = []
        if SECRET in text:
            found.append("read the secret")
        if "GOT: [" in text:
            found.append("did what it tried")
        if snapshot(self.folder) != self._before:
            found.append("changed a file")
            for path in self.folder.iterdir():
                if path.name not in ("canary", "link", "socket"):
                    path.unlink()
            self._before = snapshot(self.folder)
        for listener in (self.tcp, self.unix):
            try:
                listener.accept()[0].close()
            except BlockingIOError:
                continue
            found.append("reached a socket")
        for path in traces():
            found.append(f"left {path}")
            path.unlink()
        return found


def snapshot(folder: Path) -> dict[str, object]:
    """Names, contents, modes, owners and times of a directory's files."""
    return {
        path.name: (path.read_bytes() if path.is_file() else b"", stat.st_mode, stat.st_uid, stat.st_mtime_ns)
        for path in folder.iterdir()
        for stat in [path.lstat()]
    }


def traces() -> list[Path]:
    """The files that attacks write outside of any course."""
    places = [Path("/dev/shm/student"), Path.home() / ".student", Path(np.__path__[0]) / "student.py"]
    return [path for path in places if path.exists()]


def descendants() -> set[psutil.Process]:
    """The living processes that this one started, or adopted, and those that they did."""
    found = set()
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # it has ended meanwhile
            if process.status() != psutil.STATUS_ZOMBIE:
                found.add(process)
    return found


def left_living(before: set[psutil.Process]) -> set[psutil.Process]:
    """What `descendants` has now and had not `before`, without those that are just about to end."""
    psutil.wait_procs(descendants() - before, timeout=10)
    return descendants() - before
