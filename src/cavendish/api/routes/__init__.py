"""The routes; handlers only translate between HTTP and the service."""
