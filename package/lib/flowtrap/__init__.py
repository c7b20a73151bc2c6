"""Flowtrap's core: from raw audit records to findings about serverless execution (T1648).

Standard library only, Python 3.9, no clock, no network. `pipeline.py` joins the rooms.
"""

__version__ = "0.1.0"
