"""Runs a command and writes the peak memory of it alone, in MiB, behind its exit code.

A process of its own, so that the memory of the test run is not inherited.
"""

from __future__ import annotations

import os
import subprocess
import sys

child = subprocess.Popen(sys.argv[1:])
_, status, usage = os.wait4(child.pid, 0)
sys.stdout.write(f"\n{os.waitstatus_to_exitcode(status)} {usage.ru_maxrss // 1024}\n")
