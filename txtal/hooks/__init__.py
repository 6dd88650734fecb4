"""Hooks: sending events to other programs, at least once, signed, and never in a key's way.

Deliveries are in the database's outbox (:mod:`txtal.store.outbox`), written together with the
event. A courier delivers them: a process beside a session, a thread of the service.
"""
