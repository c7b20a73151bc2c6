"""The package that exists inside Splunk alone, as far as REST handlers use it."""
