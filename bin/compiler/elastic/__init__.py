"""Detections to Kibana rules: one ES|QL query each, over the fields of Elastic's integrations.

    words        quoting, for ES|QL, LIKE and RLIKE       native   a feed's fields, as ES|QL computes them
    conditions   a stage's condition -> ES|QL             plan     what a detection's verdicts must join
    query        plan -> query (the exact join)           rule     query and prose -> Kibana rule
    export       a folder -> the file to import           docs     docs/elastic-rules.md

Example: `"".join(ndjson(rules(natives(folder, settled))))` is that file.
"""
