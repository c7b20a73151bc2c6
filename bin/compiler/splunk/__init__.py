"""Detections to what the Splunk add-on holds: searches, macros, lookups, dashboards, CIM mapping."""
