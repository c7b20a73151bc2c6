"""The inputs of the Splunk add-on: audit events of Microsoft 365 and Google Workspace, fetched."""
