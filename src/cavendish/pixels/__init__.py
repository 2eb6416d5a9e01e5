"""Stage 5 of a request: pure algorithms that op families share; called by ops and engines, calls imaging."""
