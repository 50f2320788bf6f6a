"""A stand-in for kernels with an older Landlock, or with none: `python tests/older_kernel.py 1 COMMAND...`.

Runs a command whose Landlock calls go through here (seccomp's user notification; no switch in what we ship). Asked for
the version of the ABI it answers the number given, and a ruleset that asks for more than that version has is refused,
as the older kernel would. What is not asked for, this kernel does not guard: then seccomp alone has to. Instead of a
number: ENOSYS (a kernel without Landlock, or a container that hides it) or EOPNOTSUPP (switched off at boot).
"""

import ctypes
import errno
import fcntl
import os
import select
import signal
import socket
import struct
import sys

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
SECCOMP = {"x86_64": 317, "aarch64": 277}[os.uname().machine]
PR_SET_NO_NEW_PRIVS = 38
SET_MODE_FILTER, NEW_LISTENER = 1, 8
LOAD, AT_LEAST, RETURN = 0x20, 0x35, 0x06  # classic BPF
ALLOW, ASK = 0x7FFF0000, 0x7FC00000
RECEIVE, SEND = 0xC0502100, 0xC0182101  # ioctls of the listener
CONTINUE = 1
VERSION = 1  # the flag of a call that asks for it
# How many rights each version knows: of files, of the network, scopes (Documentation/userspace-api/landlock.rst).
KNOWN = {1: (13, 0, 0), 2: (14, 0, 0), 3: (15, 0, 0), 4: (15, 2, 0), 5: (16, 2, 0), 6: (16, 2, 2), 7: (16, 2, 2)}


def listener() -> int:
    """Have all Landlock calls of this process, and of those that it starts, wait for an answer from this descriptor."""
    steps = [(LOAD, 0, 0, 0), (AT_LEAST, 0, 1, RESTRICT_SELF + 1), (RETURN, 0, 0, ALLOW),
             (AT_LEAST, 0, 1, CREATE_RULESET), (RETURN, 0, 0, ASK), (RETURN, 0, 0, ALLOW)]  # fmt: skip
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *step) for step in steps))
    header = struct.pack("HxxxxxxP", len(steps), ctypes.addressof(program))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    descriptor = libc.syscall(SECCOMP, SET_MODE_FILTER, NEW_LISTENER, header)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "the kernel takes no seccomp listener")
    return descriptor


def answer(kernel: str, pid: int, number: int, arguments: tuple[int, ...]) -> tuple[int, int, int]:
    """Value, error and flags: what the older kernel would say, or CONTINUE."""
    if kernel in ("ENOSYS", "EOPNOTSUPP"):
        return 0, -getattr(errno, kernel), 0
    if number != CREATE_RULESET:
        return 0, 0, CONTINUE
    where, size, flags = arguments[:3]
    if flags == VERSION:
        return int(kernel), 0, 0
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(where)
        asked = struct.unpack("3Q", memory.read(size).ljust(24, b"\0"))
    if any(rights >> known for rights, known in zip(asked, KNOWN[int(kernel)], strict=True)):
        return 0, -errno.EINVAL, 0
    return 0, 0, CONTINUE


def main(kernel: str, command: list[str]) -> int:
    """Run the command and return its exit status."""
    ours, theirs = socket.socketpair()
    child = os.fork()
    if child == 0:
        socket.send_fds(theirs, [b"x"], [listener()])
        os.execvp(command[0], command)
    _, (calls,), _, _ = socket.recv_fds(ours, 1, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the command takes it
    poller = select.poll()
    for descriptor in (calls, pidfd := os.pidfd_open(child)):
        poller.register(descriptor, select.POLLIN)
    while not any(descriptor == pidfd for descriptor, _ in poller.poll()):
        message = bytearray(80)
        try:
            fcntl.ioctl(calls, RECEIVE, message)
            number, pid, _, call, _, _, *arguments = struct.unpack("QIIiIQ6Q", message)
            fcntl.ioctl(calls, SEND, struct.pack("QqiI", number, *answer(kernel, pid, call, tuple(arguments))))
        except FileNotFoundError:  # who asked was killed meanwhile
            continue
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
