"""Documents of the Elastic integrations become native records, and back, by one table a feed."""
