"""What a model learns from and whom to ask next: pure functions of arrays.

Importing this package loads nothing heavy; its modules need numpy and scikit-learn.
"""
