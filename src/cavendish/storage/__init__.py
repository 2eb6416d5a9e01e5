"""Stage 6 of a request: result and upload files with unguessable names; called by the service and the files routes."""
