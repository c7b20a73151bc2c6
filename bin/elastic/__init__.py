"""Elastic: the core over a cluster, and what is installed into Elasticsearch and Kibana."""
