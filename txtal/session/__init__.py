"""One labelling session, from question to answer; it knows no screen, no SQL and no model."""
