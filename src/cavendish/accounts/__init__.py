"""Stage 1 and 7 of a request: who asks, what it costs, and the ledger; called by jobs, api and the command line."""
