"""Builds the Splunk add-on: a staging copy, ucc-gen, a look at the product, an archive."""
