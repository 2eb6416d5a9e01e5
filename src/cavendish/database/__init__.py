"""Stage 4 and 7 of a request: tables, migrations and the one writer; called by the repositories."""
