"""Findings as one HTML page for people: view models (pure functions) and the templates they fill.

Example: `render([finding], run, detections={"aws_lambda_opened": detection})` is a whole document
that needs no network, no server and no JavaScript. The same arguments give the same bytes.
"""

from __future__ import annotations

from .page import Known, Run, render
from .raw import RawEvent, RawEvents, raw_event

__all__ = ["Known", "RawEvent", "RawEvents", "Run", "raw_event", "render"]
