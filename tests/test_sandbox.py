"""What a submission can and cannot do, tried from inside the real sandbox."""

import os
import re
import socket
import sysconfig
import tempfile
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from autograder.sandbox import wire
from autograder.sandbox.process import Died, Limits, Sandbox, TimeUp

ROOT = Path(__file__).parents[1]
LIMITS = Limits(memory_mb=512, file_mb=1, output_kb=10)


def call_of_attack(*arguments):
    """The message that asks for one call of the student's function."""
    different = list({id(argument): argument for argument in arguments}.values())  # what stands twice goes once
    places = [[id(one) for one in different].index(id(argument)) for argument in arguments]
    step = {"do": "call", "how": "call", "function": "attack", "before": []}
    return wire.pack({**step, "arguments": different, "names": [], "calls": [places]})


def run(body, *arguments, seconds=10, limits=LIMITS):
    """What a student's function with this body answers: its encoded outcome as a dictionary."""
    source = "import os, sys\ndef attack(*arguments):\n" + "\n".join(f"    {line}" for line in body.splitlines())
    with Sandbox({}, limits, limits.allowance()) as sandbox:
        load = {
            "do": "load",
            "snippets": [("cell 1", source, (0, 1))],
            "files": {},
            "functions": ["attack"],
            "names": [],
            "lent": [],
            "probes": "",
            "cell": "",
        }
        assert sandbox.ask(wire.pack(load), seconds) == {"errors": [], "defined": ["attack"], "known": []}
        (answer,) = sandbox.ask(call_of_attack(*arguments), seconds)
        return answer


def error_type(body, *arguments):
    return run(body, *arguments)["error"]["type"]


@pytest.fixture(scope="module")
def hidden():
    """Whether files outside are not to be seen at all: a mount namespace hides what Landlock forbids."""
    with Sandbox({}, LIMITS, LIMITS.allowance()) as sandbox:
        return sandbox.files_guarded_by == "a mount namespace"


@pytest.fixture(scope="module")
def refusal(hidden):
    """The types of error that a file outside gives, to be read, or to be written."""
    return ["FileNotFoundError", "OSError"] if hidden else ["PermissionError"]


def test_a_function_answers_with_its_value_its_arguments_and_its_prints():
    answer = run("arguments[0].append(3)\nprint('hello')\nreturn len(arguments[0])", [1, 2])
    assert (answer["returned"], answer["arguments"], answer["printed"]) == (3, [[1, 2, 3]], "hello\n")


def test_an_argument_that_is_given_twice_is_two_arguments():
    numbers = [1, 2]
    assert run("arguments[0].append(3)", numbers, numbers)["arguments"] == [[1, 2, 3], [1, 2]]


@pytest.mark.parametrize(
    "place",
    [
        ROOT / "autograder" / "assignments" / "dinosaur-island" / "test_clip.py",
        ROOT / "source" / "dinosaur-island" / "dinosaur-island.ipynb",
        ROOT / "autograder" / "grading.py",
        "/etc/passwd",
        "/proc/GRADER/environ",
        "/proc/GRADER/mem",
        "/proc/self/net/unix",
        "/proc/self/mountinfo",
    ],
)
def test_nothing_of_the_graders_can_be_read(place):
    path = str(place).replace("GRADER", str(os.getpid()))
    assert error_type("return open(arguments[0], 'rb').read(10)", path) in (
        "PermissionError",
        "FileNotFoundError",
    )


def test_no_secret_of_the_graders_is_in_the_environment(monkeypatch):
    monkeypatch.setenv("GRADEBOOK_URL", "postgresql://secret")
    assert "GRADEBOOK_URL" not in run("return list(os.environ)")["returned"]


@pytest.mark.parametrize(
    "place", [ROOT / "hello", "/tmp/hello-from-a-student", "/dev/shm/hello", Path.home() / "hello"]
)
def test_nothing_outside_the_scratch_directory_can_be_written(place, refusal):
    assert error_type("open(arguments[0], 'w').write('x')", str(place)) in refusal
    assert not Path(place).exists()


# What Landlock does not guard, or did not in its first versions: each is tried on a file that may be read, too.
CHANGES = {
    "emptied by name": "os.truncate(path, 0)",
    "emptied while it is opened for reading": "os.open(path, os.O_RDONLY | os.O_TRUNC)",
    "emptied while it is opened for nothing": "os.open(path, 3 | os.O_TRUNC)",
    "created anew": "assert libc.syscall(85, path.encode(), 0o600) >= 0",
    "emptied through what is open": "os.ftruncate(os.open(path, os.O_RDONLY), 0)",
    "emptied through a path only": "os.truncate(os.open(path, os.O_PATH), 0)",
    "linked to": "os.link(path, 'mine')\nopen('mine', 'r+').truncate(0)",
    "moved": "os.rename(path, 'mine')",
    "moved away": "os.rename(path, path + '-gone')",
    "removed": "os.remove(path)",
    "opened for nothing": "os.open(path, 3)",
    "given another mode": "os.chmod(path, 0o777)",
    "given another time": "os.utime(path, (0, 0))",
    "written through a memory map": "import mmap\nmmap.mmap(os.open(path, os.O_RDONLY), 4)[:] = b'gone'",
}


@pytest.fixture(params=["readable", "foreign"])
def outside(request, tmp_path):
    """A file outside of the scratch directory, which a student's code may read, or may not."""
    place = Path(sysconfig.get_path("purelib")) if request.param == "readable" else tmp_path
    path = place / f"file-of-a-test-{os.getpid()}"
    path.write_text("here")
    yield path
    path.unlink(missing_ok=True)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_no_file_outside_can_be_changed(change, outside):
    before = outside.stat()
    body = "import ctypes\nlibc = ctypes.CDLL(None)\npath = arguments[0]\n" + change
    assert run(body, str(outside))["error"] is not None
    after = outside.stat()
    assert outside.read_text() == "here"
    assert (after.st_mode, after.st_mtime_ns) == (before.st_mode, before.st_mtime_ns)


def test_files_of_its_own_can_be_written_read_and_emptied():
    body = (
        "os.makedirs('folder/inner')\n"
        "with open('folder/inner/file', 'w') as file: file.write('long' * 100)\n"
        "with open('folder/inner/file', 'r+') as file: file.truncate(4)\n"
        "open(os.devnull, 'w').write('gone')\n"
        "return open('folder/inner/file').read(), os.listdir('folder')"
    )
    assert run(body)["returned"] == ("long", ["inner"])


def test_the_older_word_for_a_sandbox_that_is_on(refusal):
    """`sandlock` stands in the configuration of courses that began before 2027."""
    from autograder.plugins.grade import GradeInSandbox  # takes minutes where `make kernels` runs this

    configured = GradeInSandbox(sandbox="sandlock").sandbox
    answer = run("open('/etc/passwd')", limits=replace(LIMITS, sandbox=configured))
    assert answer["error"]["type"] in refusal


def test_no_server_can_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        body = "import socket\nsocket.create_connection(('127.0.0.1', arguments[0]), 2)"
        assert run(body, server.getsockname()[1])["error"] is not None


def test_no_process_can_be_started():
    assert error_type("import subprocess\nsubprocess.run(['/bin/true'])") is not None
    assert error_type("os.fork()") == "PermissionError"


def test_an_endless_loop_is_stopped():
    with pytest.raises(TimeUp):
        run("while True: pass", seconds=1)


def test_only_its_own_process_can_be_signalled():
    signal = "import ctypes\nreturn ctypes.CDLL(None).tgkill(arguments[0], arguments[0], 0)"
    assert run(signal.replace("arguments[0]", "os.getpid()"))["returned"] == 0
    assert run(signal, os.getpid())["returned"] == -1


@pytest.mark.parametrize(
    "look",
    [
        "os.readlink('LINK')",
        "os.readlink('link', dir_fd=os.open('FOLDER', os.O_PATH))",
        "os.chdir('LINK')",
        "os.fchdir(os.open('LINK', os.O_PATH))",
        "os.getxattr('FILE', 'user.mark')",
        "os.getxattr('LINK', 'user.mark', follow_symlinks=False)",
        "os.listxattr('FILE')",
        "fcntl.flock(package, fcntl.LOCK_SH)",
        "fcntl.lockf(package, fcntl.LOCK_SH | fcntl.LOCK_NB)",
        "fcntl.fcntl(package, fcntl.F_GETLK, bytes(32))",
        "fcntl.fcntl(package, fcntl.F_OFD_SETLK, bytes(32))",
        "fcntl.fcntl(package, fcntl.F_OFD_GETLK, bytes(32))",
        "fcntl.fcntl(package, fcntl.F_SETLEASE, fcntl.F_RDLCK)",
        "fcntl.fcntl(package, fcntl.F_GETLEASE)",
        "fcntl.fcntl(os.open(os.path.dirname(os.__file__), 0), fcntl.F_NOTIFY, 1)",
        "os.preadv(package, [bytearray(1)], 0, os.RWF_NOWAIT)",
        "os.posix_fadvise(package, 0, 0, os.POSIX_FADV_DONTNEED)",
        "checked(libc.readahead(package, 0, 4096))",
        "checked(libc.mincore(0, 0, 0))",
        "checked(libc.syscall(451, package, bytes(16), bytes(40), 0))",  # cachestat
        "checked(libc.getpgid(GRADER))",
    ],
)
def test_no_trace_can_be_read_or_left_at_files_of_others(look, tmp_path, hidden):
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path)
    places = {"LINK": tmp_path / "link", "FILE": tmp_path / "file", "FOLDER": tmp_path, "GRADER": os.getpid()}
    for name, value in places.items():
        look = look.replace(name, str(value))
    body = (
        "import ctypes, fcntl\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "def checked(result):\n"
        "    if result == -1: raise OSError(ctypes.get_errno(), 'refused')\n"
        "package = os.open(os.__file__, os.O_RDONLY)\n"
    )
    error = run(body + look)["error"]
    refused = "not permitted|not implemented|refused" + "|No such file" * hidden
    assert error is not None and re.search(refused, error["text"])


def test_what_libraries_do_without_thinking_works():
    body = (
        "import inspect, pathlib, shutil, threading, matplotlib.pyplot, numpy.testing\n"
        "open('a', 'w').write('x')\n"
        "shutil.copyfile('a', 'b')\n"
        "assert pathlib.Path('b').resolve().read_text() == 'x'\n"
        "matplotlib.pyplot.savefig('figure.png')\n"
        "thread = threading.Thread(target=numpy.linalg.norm, args=([1.0],))\n"
        "thread.start()\n"
        "thread.join()\n"
        "return 'def attack' in inspect.getsource(attack)"
    )
    assert run(body)["returned"] is True


def test_no_signals_can_be_ordered_from_the_kernel():
    for command in (8, 10, 15):  # F_SETOWN, F_SETSIG, F_SETOWN_EX
        assert error_type(f"import fcntl\nfcntl.fcntl(0, {command}, 1)") == "PermissionError"
    assert run("import fcntl\nreturn fcntl.fcntl(0, fcntl.F_GETFD)")["returned"] is not None


def test_memory_is_limited():
    assert error_type("bytearray(1 << 30)") == "MemoryError"


def test_files_and_output_are_limited():
    assert error_type("open('large', 'wb').write(bytes(4 << 20))") == "OSError"
    assert len(run("print('x' * 1_000_000)")["printed"]) == LIMITS.output_kb << 10


def test_the_scratch_directory_is_gone_afterwards():
    with Sandbox({"datasets/a.txt": Path(__file__)}, LIMITS, LIMITS.allowance()) as sandbox:
        assert (sandbox.scratch / "datasets" / "a.txt").exists()
    assert not sandbox.scratch.exists()


def test_sandboxes_beside_each_other_see_nothing_of_each_other(refusal):
    with Sandbox({}, LIMITS, LIMITS.allowance()) as other:
        assert error_type("return os.listdir(arguments[0])", str(other.scratch)) in refusal
        assert error_type("os.kill(arguments[0], 9)", other._worker.pid) in ("PermissionError", "ProcessLookupError")
    assert threading.active_count() < 20


def test_a_worker_that_does_not_read_holds_nobody_up():
    source = (
        "import os, wire\n"
        "def attack(*arguments):\n"
        "    answer = wire.pack([{'error': None, 'returned': 1, 'arguments': [], 'printed': ''}])\n"
        "    for fd in range(3, 12):\n"
        "        try: os.write(fd, answer)\n"
        "        except OSError: pass\n"
        "    while True: pass\n"
    )
    with Sandbox({}, LIMITS, LIMITS.allowance()) as sandbox:
        load = {
            "do": "load",
            "snippets": [("cell 1", source, (0, 1))],
            "files": {},
            "functions": [],
            "names": [],
            "lent": [],
            "probes": "",
            "cell": "",
        }
        sandbox.ask(wire.pack(load), 5)
        assert sandbox.ask(call_of_attack(), 1) == [{"error": None, "returned": 1, "arguments": [], "printed": ""}]
        with pytest.raises(TimeUp):  # more than its pipe holds
            sandbox.ask(call_of_attack("x" * 1_000_000), 1)


@pytest.mark.parametrize(
    "mess",
    [
        "at = os.open('.', 0)\n"
        "for _ in range(3000):\n"
        "    os.mkdir('d', dir_fd=at)\n"
        "    at, before = os.open('d', 0, dir_fd=at), at\n"
        "    os.close(before)",
        "os.mkdir('secret', 0o300)\nopen('secret/file', 'w').close()",
        "for i in range(3000): open(f'file{i}', 'w').close()",
    ],
)
def test_whatever_was_written_is_gone_afterwards(mess, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    run(mess)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "write", ["open(f'file{i}', 'w').close()", "open(f'file{i}', 'wb').write(bytes(1 << 20))"], ids=["files", "bytes"]
)
def test_the_disk_cannot_be_filled(write):
    limits = replace(LIMITS, file_mb=2, disk_mb=20)
    with pytest.raises(Died, match="full"):
        run(f"i = 0\nwhile True:\n    i += 1\n    {write}", limits=limits, seconds=20)
