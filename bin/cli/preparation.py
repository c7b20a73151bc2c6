"""What a run begins with: the detections that were asked for, and the site's values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import config, content

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowtrap.model.detection import Detection
    from flowtrap.model.tunable import Tunables

    from .messages import Messages


def prepared(
    config_path: str | None, names: Sequence[str], now_ms: int, messages: Messages
) -> tuple[list[Detection], Tunables]:
    """Return the detections to run and the site's values; raise for what is wrong with them."""
    every = content.load()
    path = config.find(config_path)
    settings = config.read(path, every, now_ms) if path else config.Settings()
    for line in settings.expired:
        messages.say(line)
    return settings.apply(content.select(every, names), now_ms)
