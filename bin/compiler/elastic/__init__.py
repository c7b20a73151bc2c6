"""Detections to Kibana rules: one ES|QL query each, over the fields of Elastic's integrations.

    words        quoting for ES|QL, LIKE, RLIKE       native   a feed's fields, as ES|QL has them
    conditions   a stage's condition -> ES|QL         plan     what a detection's verdicts join
    edges        plan -> events, keys and edges       query    edges -> cases (the exact join)
    lists        tunable lists as asked    lookup   the index that holds them
    rule         query and prose -> Kibana rule       export   a folder -> the file to import
    docs         docs/elastic-rules.md                feeds/   the fields of each data set

Example: `"".join(ndjson(rules(natives(folder, settled))))` is that file.
"""
