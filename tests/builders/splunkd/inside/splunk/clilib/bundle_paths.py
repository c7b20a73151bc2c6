"""Where Splunk is installed."""

import os


def make_splunkhome_path(parts):
    """Return a path below SPLUNK_HOME, which is made: logs are written there."""
    path = os.path.join(os.environ["SPLUNK_HOME"], *parts)
    os.makedirs(path, exist_ok=True)
    return path
