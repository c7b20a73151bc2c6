"""Hits in, cases out: logs per key, windows, verdicts, saved state."""
