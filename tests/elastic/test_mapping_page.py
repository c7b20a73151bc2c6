"""docs/elastic-mapping.md says what the tables and the detections give today."""

from __future__ import annotations

from builders import elastic_mapping_page


def test_page_is_current():
    """If it fails: read the change, then run python -m builders.elastic_mapping_page."""
    page = elastic_mapping_page.PAGE.read_text(encoding="utf-8")
    assert page == elastic_mapping_page.page()
