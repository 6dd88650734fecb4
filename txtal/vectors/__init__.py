"""Texts to a matrix of features; the only importer of spaCy.

From the bottom up: :mod:`pipeline` tokenises, :mod:`bag` counts token types, the blocks
(:mod:`lexical`, :mod:`static`, and the pipeline's own vectors) give each type a row, and
:mod:`vectoriser` adds the rows up. :mod:`spec` names a combination, :mod:`registry` holds users'
own and :mod:`custom` puts them to work, and :mod:`cache` keeps the result in :mod:`files` beside
the database. Nothing is imported here: most commands need none of it.
"""
