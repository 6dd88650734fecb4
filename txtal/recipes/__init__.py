"""What a session is made of: the parts a recipe names, and what it may add of its own."""
