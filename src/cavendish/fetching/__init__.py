"""Stage 3 of a request: bytes of the pictures it names, from the internet, the request itself or our own store.

Called by the service; calls nobody but the network and the reader of stored files it was given.
"""
