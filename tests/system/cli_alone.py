# SPDX-License-Identifier: MIT
"""Run a test where nobody else's sessions are: root's are seen by every program of the machine, and by every test that runs meanwhile.

alone() starts the script anew in a namespace of its own of processes and mounts, with an empty /run, where that is possible. A user's
sessions are in the test's own runtime directory anyway.
"""
import os
import subprocess
import sys

MARK = "BORELOG_TEST_ALONE"
ENTER = 'mount -t tmpfs -o mode=0755 tmpfs /run && exec "$@"'


def alone():
    if os.getuid() != 0 or os.environ.get(MARK):
        return
    command = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "sh", "-c", ENTER, "sh"]
    os.environ[MARK] = "1"
    if subprocess.run(command + ["true"], stderr=subprocess.DEVNULL).returncode == 0:
        sys.stdout.flush()
        os.execvp(command[0], command + [sys.executable] + sys.argv)
