"""Pages of HTML about a dataset and about a simulation, and the figures and words on them."""
