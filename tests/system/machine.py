# SPDX-License-Identifier: MIT
"""A machine of the test's own, as far as borelog looks: /run, /tmp and the processes. Neither are the real ones seen nor disturbed.

A test calls enter() before it imports harness. It must be root, and may then be any user.
"""
import os
import pathlib
import subprocess
import sys

ENTERED = "BORELOG_TEST_MACHINE"
KEEP = pathlib.Path("/run/keep")
UNSHARE = ["unshare", "--mount", "--propagation", "private", "--pid", "--fork", "--kill-child", "--mount-proc"]


def mount(*words):
    subprocess.run(["mount", *(str(word) for word in words)], check=True)


def skip(why):
    print("skipped:", why)
    sys.exit(77)


def enter():
    if os.geteuid():
        skip("only root can be several users")
    if ENTERED not in os.environ:
        if subprocess.run([*UNSHARE, "true"], capture_output=True).returncode:
            skip("no namespaces can be made here")
        os.environ[ENTERED] = "1"
        os.execvp(UNSHARE[0], [*UNSHARE, sys.executable, *sys.argv])
    for name in "XDG_RUNTIME_DIR", "LD_PRELOAD", "BORELOG_SESSION":
        os.environ.pop(name, None)
    os.umask(0o022)
    mount("-t", "tmpfs", "-o", "mode=0755", "none", "/run")
    for name, path in ("build", os.environ["BORELOG_BUILD"]), ("tests", pathlib.Path(sys.argv[0]).resolve().parent):
        (KEEP / name).mkdir(parents=True)
        mount("--bind", path, KEEP / name)
    mount("-t", "tmpfs", "-o", "mode=1777", "none", "/tmp")
    os.environ["BORELOG_BUILD"] = str(KEEP / "build")
    sys.path[0] = str(KEEP / "tests")
    os.chdir("/")


def as_user(uid, *command):
    """Words that run @command as user @uid, who has no other rights than his."""
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", *command] if uid else [*command]


def trust_libraries(*libraries):
    """Let the loader find @libraries for setuid programs too, which may not say themselves where theirs are."""
    folder = pathlib.Path("/tmp/lib")
    folder.mkdir()
    for library in libraries:
        (folder / library.name).write_bytes(library.read_bytes())
    pathlib.Path("/tmp/ld.so.conf").write_text(f"{folder}\ninclude /etc/ld.so.conf\n")
    subprocess.run(["ldconfig", "-X", "-C", "/tmp/ld.so.cache", "-f", "/tmp/ld.so.conf"], check=True)
    mount("--bind", "/tmp/ld.so.cache", "/etc/ld.so.cache")
