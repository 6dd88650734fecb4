"""Tickets on their way into the store: files, streams, and large files behind the session."""
