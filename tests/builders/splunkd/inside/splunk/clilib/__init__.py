"""What solnlib takes of Splunk's own library."""
