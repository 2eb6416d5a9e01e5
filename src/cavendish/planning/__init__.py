"""Stage 2 of a request: the sentence becomes an edit plan, and its outcome a sentence; called by the service."""
