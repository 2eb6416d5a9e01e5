"""Stage 5 of a request: pure picture algorithms that several op families share; called by ops and engines, calls imaging."""
