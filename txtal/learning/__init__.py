"""Models, strategies and estimates, as pure functions of arrays.

Importing this package loads nothing heavy; its modules need numpy and scikit-learn.
"""
