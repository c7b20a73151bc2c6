"""Where Splunk is installed."""

import os
from pathlib import Path


def make_splunkhome_path(parts):
    """Return a path below SPLUNK_HOME, which is made: logs are written there."""
    path = Path(os.environ["SPLUNK_HOME"], *parts)
    path.mkdir(parents=True, exist_ok=True)
    return str(path)
