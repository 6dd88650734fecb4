"""Telling other programs what happened: at least once, signed, and never in a key's way.

What is to be told is in the database's outbox (:mod:`txtal.store.outbox`), written with what it
tells of. A courier delivers it: a process beside a session, a thread of the service.
"""
