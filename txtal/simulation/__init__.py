"""A labelled file replayed as the annotator: does active learning pay off on my data?

Each run labels the pool from nothing to the budget with one configuration and one seed, and
measures the model on a test file as it goes.
"""
