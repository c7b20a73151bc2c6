"""The input for Apps Script projects and their runs. Off by default.

No audit log has them. They are asked for as the user whose they are, by domain-wide delegation, and
only for users who appear in open cases: of others nothing is read.

Sources: Apps Script API reference and its discovery document (script v1): projects.get,
projects.getContent, processes.list, processes.listScriptProcesses; scopes script.processes and
script.projects.readonly. A Process names neither script nor user, so both are asked for.

Not certain, for want of a tenant: whether the API's switch of each user
(script.google.com/home/usersettings) is asked for under delegation too: googleworkspace/
python-samples issue 79 shows the refusal "User has not enabled the Apps Script API", which is told
in plain words and costs that user's code, not the run; and how many requests a minute are allowed.
"""
