"""txtal from Python: open a database, label in it, train, predict; and what the commands share.

Nothing here prints. ``txtal.open`` is :func:`.database.open_database`; ``txtal.TxtalClassifier`` is
an estimator for scikit-learn.
"""
