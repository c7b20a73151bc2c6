"""Detections to what the Splunk add-on holds: searches, macros, lookups, views, CIM mapping."""
