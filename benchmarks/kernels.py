"""The sandbox on real kernels, old and new, in QEMU without KVM: `make kernels`, or `make kernels ONLY="Debian 12"`.

Downloads and unpacks Debian's and Ubuntu's kernels, boots each with this machine's files as its own (below an overlay,
so that none changes), runs tests/test_sandbox.py and `autograder check` of an example there, and prints a table. A
guest is fifty times slower than this machine, so limits of time are lifted. Needs root, on Debian. Exit status 1 if a
test fails.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build" / "kernels"
NEEDS = ["qemu-system-x86", "busybox-static", "cpio", "kmod", "xz-utils", "zstd"]
DEBIAN = "http://deb.debian.org"
UBUNTU = "http://archive.ubuntu.com/ubuntu"
# Debian has no package with Ubuntu's keys. This file of Ubuntu's never changes, and apt checks all the others with it.
UBUNTU_KEYS = (
    f"{UBUNTU}/pool/main/u/ubuntu-keyring/ubuntu-keyring_2021.03.26_all.deb",
    "0d0e7ed6b112f5d03eabf3c7eb01ebdacf9c57714b279e90495cfc58c8c4520f",
)
SOURCES = f"""
deb {DEBIAN}/debian-security bullseye-security main
deb {DEBIAN}/debian bookworm main
deb {DEBIAN}/debian trixie main
deb {DEBIAN}/debian forky main
deb [signed-by={BUILD}/keys/usr/share/keyrings/ubuntu-archive-keyring.gpg] {UBUNTU} jammy-updates main
deb [signed-by={BUILD}/keys/usr/share/keyrings/ubuntu-archive-keyring.gpg] {UBUNTU} noble-updates main
"""
MINUTES = 60  # for one kernel
INIT = """#!/bin/sh
export PATH=/bin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
while read module; do insmod "/modules/$module"; done < /modules/order
mount -t 9p -o trans=virtio,version=9p2000.L,cache=loose,msize=1048576,ro host /lower
mount -t tmpfs -o size=2000m upper /upper; mkdir -p /upper/files /upper/work
mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work overlay /root
mount -t proc proc /root/proc; mount -t sysfs sys /root/sys; mount -t devtmpfs dev /root/dev
mkdir -p /root/dev/shm; mount -t tmpfs shm /root/dev/shm
mount -t tmpfs tmp /root/tmp; mount -t tmpfs run /root/run
mount -t 9p -o trans=virtio,version=9p2000.L result /root/mnt
exec switch_root /root /bin/bash /mnt/script
"""
SCRIPT = f"""
export PATH={shlex.quote(str(Path(sys.executable).parent))}:/usr/bin:/bin:/usr/sbin:/sbin
export HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTEST_DISABLE_PLUGIN_AUTOLOAD=1
cd {shlex.quote(str(ROOT))}
python -m autograder doctor > /mnt/doctor 2>&1
python -m pytest -o addopts= --noconftest -p no:cacheprovider -v tests/test_sandbox.py \\
    -k "not filled and not loop and not gone and not nobody and not older_word and not librar" > /mnt/tests 2>&1
echo "c.GradeInSandbox.seconds_per_call = c.GradeInSandbox.seconds_per_submission = 3000" >> nbgrader_config.py
python -m autograder check examples/submissions/half-finished.ipynb --json > /mnt/check 2>&1
sync; echo o > /proc/sysrq-trigger; sleep 100
"""


@dataclass(frozen=True)
class Kernel:
    """A kernel: whose it is, the package (a pattern; the newest is taken), packages beside it, and boot parameters."""

    name: str
    package: str
    beside: tuple[str, ...] = ()
    boot: str = ""


KERNELS = [
    Kernel("Debian 11", r"linux-image-5\.10\.0-\d+-amd64"),
    Kernel("Ubuntu 22.04", r"linux-image-unsigned-5\.15\.0-\d+-generic", ("linux-modules",)),
    Kernel("Debian 12", r"linux-image-6\.1\.0-\d+-amd64"),
    Kernel("Debian 12 without Landlock", r"linux-image-6\.1\.0-\d+-amd64", boot="lsm=lockdown,capability,yama"),
    Kernel("Ubuntu 22.04, newer", r"linux-image-unsigned-6\.5\.0-\d+-generic", ("linux-modules",)),
    Kernel("Ubuntu 24.04", r"linux-image-unsigned-6\.8\.0-\d+-generic", ("linux-modules",)),
    Kernel("Ubuntu 24.04, newer", r"linux-image-unsigned-6\.11\.0-\d+-generic", ("linux-modules",)),
    Kernel("Debian 13", r"linux-image-6\.12\.\d+\+deb13-amd64"),
    Kernel("Debian 14, to be", r"linux-image-7\.\d+\.\d+\+deb14-amd64", ("linux-binary", "linux-modules")),
]


def run(*command: str | Path, cwd: Path | None = None) -> str:
    """What a command prints."""
    return subprocess.run(list(command), check=True, text=True, stdout=subprocess.PIPE, cwd=cwd).stdout


def apt(command: str, *words: str, cwd: Path | None = None) -> str:
    """An apt command with sources and lists of our own: nothing of this system's is changed."""
    ours = {"State::lists": BUILD / "lists", "Cache": BUILD / "cache", "Etc::sourcelist": BUILD / "sources.list",
            "Etc::sourceparts": "-"}  # fmt: skip
    options = [f"-oDir::{name}={value}" for name, value in ours.items()]
    return run(command, *options, "-oAPT::Sandbox::User=root", *words, cwd=cwd)


def prepare() -> None:
    """Install QEMU and what else is needed, and read which kernels there are."""
    if not all(map(shutil.which, ("qemu-system-x86_64", "busybox", "cpio", "depmod", "xz", "zstd"))):
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-qq", "--no-install-recommends", "--yes", *NEEDS)
    for folder in ("lists/partial", "cache/archives/partial", "packages"):
        (BUILD / folder).mkdir(parents=True, exist_ok=True)
    url, expected = UBUNTU_KEYS
    with urllib.request.urlopen(url) as answer:
        keys = answer.read()
    if sha256(keys).hexdigest() != expected:
        sys.exit(f"{url} is not the file it was.")
    (BUILD / "keys.deb").write_bytes(keys)
    run("dpkg-deb", "--extract", BUILD / "keys.deb", BUILD / "keys")
    (BUILD / "sources.list").write_text(SOURCES)
    apt("apt-get", "update", "-qq")


def unpacked(kernel: Kernel) -> tuple[str, Path]:
    """A kernel's version and the folder that its packages are unpacked in."""
    names = re.findall(
        f"^({kernel.package}) ", apt("apt-cache", "search", "--names-only", "^linux-image-"), re.MULTILINE
    )
    newest = max(names, key=lambda name: [int(number) for number in re.findall(r"\d+", name)])
    version = newest.removeprefix("linux-image-").removeprefix("unsigned-")
    folder = BUILD / version
    if not folder.exists():
        part = BUILD / f"{version}.part"
        shutil.rmtree(part, ignore_errors=True)
        for name in (newest, *(f"{beside}-{version}" for beside in kernel.beside)):
            apt("apt-get", "download", "-qq", name, cwd=BUILD / "packages")
            (package,) = (BUILD / "packages").glob(f"{name}_*.deb")
            run("dpkg-deb", "--extract", package, part)
        part.rename(folder)
    return version, folder


def initrd(version: str, folder: Path) -> Path:
    """What mounts this machine's files in the guest: busybox and the modules that takes."""
    tree = folder / "initrd"
    shutil.rmtree(tree, ignore_errors=True)
    for name in ("bin", "proc", "sys", "dev", "root", "lower", "upper", "modules"):
        (tree / name).mkdir(parents=True)
    shutil.copy(shutil.which("busybox") or "", tree / "bin" / "busybox")
    for name in ("sh", "mount", "insmod", "switch_root", "mkdir"):
        (tree / "bin" / name).symlink_to("busybox")
    base = folder if (folder / "lib" / "modules").exists() else folder / "usr"
    run("depmod", "--basedir", base, version)
    order: dict[str, None] = {}
    for module in ("virtio_pci", "9pnet_virtio", "9p", "overlay"):
        command = ["modprobe", "--set-version", version, "--dirname", base, "--show-depends", module]
        shown = subprocess.run(command, text=True, capture_output=True).stdout  # none of what is built in
        order |= dict.fromkeys(re.findall(r"^insmod (\S+)", shown, re.MULTILINE))
    for path in map(Path, order):
        unpack = {".xz": ["xz", "-dc"], ".zst": ["zstd", "-dcq"]}.get(path.suffix, ["cat"])
        name = path.name.removesuffix(".xz").removesuffix(".zst")
        (tree / "modules" / name).write_bytes(
            subprocess.run([*unpack, path], check=True, stdout=subprocess.PIPE).stdout
        )
        with (tree / "modules" / "order").open("a") as file:
            file.write(f"{name}\n")
    (tree / "init").write_text(INIT)
    (tree / "init").chmod(0o755)
    image = folder / "initrd.img"
    run("sh", "-c", f"find . | cpio --create --format=newc --quiet | gzip -1 > {shlex.quote(str(image))}", cwd=tree)
    return image


def boot(kernel: Kernel) -> tuple[str, Path]:
    """Run the tests under a kernel; its version, and the folder with what they said."""
    version, folder = unpacked(kernel)
    image = next(path for pattern in ("boot/vmlinuz-*", "usr/lib/modules/*/vmlinuz") for path in folder.glob(pattern))
    result = BUILD / "results" / re.sub(r"\W+", "-", kernel.name)
    shutil.rmtree(result, ignore_errors=True)
    result.mkdir(parents=True)
    (result / "script").write_text(SCRIPT)
    shares = {"host": ("/", "readonly=on,multidevs=remap"), "result": (str(result), "readonly=off")}
    devices = [word for name, (path, how) in shares.items() for word in (
        "-fsdev", f"local,id={name},path={path},security_model=none,{how}",
        "-device", f"virtio-9p-pci,fsdev={name},mount_tag={name}")]  # fmt: skip
    parameters = f"console=ttyS0 panic=-1 no_timer_check quiet {kernel.boot}"
    machine = "-accel tcg,thread=multi -machine q35 -cpu max -smp 2 -m 3G -nographic -no-reboot"
    kernel_and_root = ["-kernel", image, "-initrd", initrd(version, folder), "-append", parameters]
    command = ["qemu-system-x86_64", *machine.split(), *kernel_and_root]
    with (result / "console").open("wb") as console:
        subprocess.run(
            [*command, *devices], stdin=subprocess.DEVNULL, stdout=console, stderr=console, timeout=MINUTES * 60
        )
    return version, result


def text(path: Path) -> str:
    """What a file says; nothing where the guest never wrote it."""
    return path.read_text(errors="replace") if path.exists() else ""


def main(only: str) -> int:
    """Boot the kernels whose name or package holds `only`, and print the table."""
    if os.geteuid() != 0:
        sys.exit("`make kernels` reads all of this machine's files and may install packages: run it as root.")
    prepare()
    table = Table(
        "kernel", "version", "files are guarded by", "tests", "failed", "check", title="The sandbox on real kernels"
    )
    wrong = False
    for kernel in (one for one in KERNELS if only in one.name or only in one.package.replace("\\", "")):
        version, result = boot(kernel)
        guard = re.search("^files +guarded by ([^,\n]*)", text(result / "doctor"), re.MULTILINE)
        passed, failed = (
            len(re.findall(rf" {state}\b.*%\]", text(result / "tests"))) for state in ("PASSED", "FAILED|ERROR")
        )
        score = re.search(r'"score": ([\d.]+)', text(result / "check"))
        wrong = wrong or bool(failed) or not passed or score is None
        words = (kernel.name, version, guard[1] if guard else "?", str(passed), str(failed), score[1] if score else "?")
        table.add_row(*words)
        print(*words, sep=" | ", flush=True)
    Console().print(table)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2] or [""]))
