"""Synthetic native records, and the scenarios and examples that are made of them."""
