"""The command line: one module a verb, each thin over a plain function (click, rich)."""
