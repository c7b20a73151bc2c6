"""Google Workspace: the activities of the Admin SDK Reports API.

input -> run -> windows (which times?) -> reports_api (pages) -> activities (events) -> seen -> out
"""
