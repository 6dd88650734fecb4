"""One sitting between questions and answers; knows no screen, no SQL and no model."""
