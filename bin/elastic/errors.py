"""What goes wrong with a cluster or with Kibana, in one line each."""

from __future__ import annotations

from flowtrap.model.errors import FlowtrapError


class ClusterError(FlowtrapError):
    """The cluster cannot be reached, refuses, or answers what makes no sense."""


class RedIndexError(ClusterError):
    """Shards that hold what was asked for are nowhere, or refuse; other indices may answer."""
