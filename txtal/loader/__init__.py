"""Loading a large file behind the session: a process of its own, and the screen's end of it."""
