"""One run of the Microsoft 365 input, as a process of its own does it."""

from __future__ import annotations

import signal
from functools import partial
from pathlib import Path

from builders.input_runtime import Runtime
from builders.m365_api import CLIENT, TENANT
from flowtrap_inputs.m365 import run as run_module
from flowtrap_inputs.m365.clouds import Cloud
from flowtrap_inputs.m365.collect import collect
from flowtrap_inputs.m365.settings import Account, Settings
from flowtrap_inputs.m365.token import Secret
from flowtrap_inputs.retry import Retry
from flowtrap_inputs.stop import Stop

TYPES = ("Audit.Exchange", "Audit.General")


def one_run(root: str, secret: str, ca_file: str, folder: str) -> None:
    """Collect once; what a process of the input does."""
    run_module.SAVE_CONTENTS = 5  # as many checkpoints for these few contents as else for many
    stop = Stop()
    signal.signal(signal.SIGTERM, stop.set)
    account = Account(TENANT, CLIENT, Secret(secret), Cloud(root, root), ca_file=ca_file)
    runtime = Runtime(Path(folder), stop)
    tries = partial(Retry, first_s=0.001, most_s=0.005, tries=15)
    collect(Settings("m365", account, TYPES), runtime, retry=tries)
    runtime.close()
