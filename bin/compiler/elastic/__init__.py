"""Detections to Kibana rules: one ES|QL query each, over the fields of Elastic's integrations.

    words        quoting, for ES|QL, LIKE and RLIKE       native   a feed's fields, as ES|QL computes them
    conditions   a stage's condition -> ES|QL             plan     what a detection's verdicts must join
    query        plan -> query (the exact join)           rule     query and prose -> Kibana rule

Example: `rules(subjects, {}, now_ms)` gives the rules of all detections, `ndjson` the file to import.
"""
