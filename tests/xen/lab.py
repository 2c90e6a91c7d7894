# SPDX-License-Identifier: MIT
"""What tests on a Xen host share: run a job there and have its results, or say why that cannot be."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BOOT = SOURCE / "lab/boot"
TOOLS = ["apt-get", "dpkg-deb", "dpkg-source", "qemu-system-x86_64", "cpio", "depmod", "modprobe", "readelf", "make", "gcc", "flex", "bison",
         "bc", "patch"]


def cannot():
    """Why the lab cannot work here, or None."""
    if os.uname().machine != "x86_64":
        return "the lab's hosts run Debian's kernel for x86-64"
    missing = [tool for tool in TOOLS if not shutil.which(tool, path=os.environ["PATH"] + ":/sbin:/usr/sbin")]
    return f"the lab needs {', '.join(missing)}" if missing else None


class Run:
    """A job that ran in dom0, or without @xen on plain Linux: its status, the directory of what it left in /out, the console's text."""

    def __init__(self, job, *files, xen="borelog", options=()):
        self._folder = tempfile.TemporaryDirectory(prefix="borelog-lab-")
        self.out = pathlib.Path(self._folder.name) / "out"
        # What the lab does goes to our standard error, where it can be watched.
        where = ["--xen", xen] if xen else []
        done = subprocess.run([BOOT, *where, *options, self.out, job, *files])
        self.status = done.returncode
        console = pathlib.Path(f"{self.out}.console")
        self.console = console.read_text(errors="replace") if console.exists() else ""

    def text(self, name):
        return (self.out / name).read_text(errors="replace")


def main(test):
    """Run test(), which raises AssertionError; skip where there is no lab."""
    if cannot():
        print(f"skipped: {cannot()}")
        return 77
    try:
        test()
    except AssertionError as wrong:
        print(f"failed: {wrong}", file=sys.stderr)
        return 1
    return 0
