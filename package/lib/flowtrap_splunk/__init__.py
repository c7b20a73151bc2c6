"""Flowtrap's search commands for Splunk: standard library and the core, nothing else.

The scripts in package/bin put this folder's parent on the path and call `serve` with one of
`ChainDetect`, `WindowCount` and `FirstSeen`.
"""
