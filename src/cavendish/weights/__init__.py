"""Stage 5 of a request: neural weights as verified files and lazily opened sessions; called by regions and engines."""
