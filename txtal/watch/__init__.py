"""The loop by itself: take in, predict what is sure, leave the rest to people, retrain, deploy.

``txtal watch`` runs it. Each step can be done again from its start, so that a kill at any moment
costs a repetition and nothing else.
"""
