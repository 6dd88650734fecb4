"""Texts to a matrix of features; the only importer of spaCy and of sentence models.

From the bottom up: :mod:`pipeline` tokenises, :mod:`bag` counts token types, the tables
(:mod:`lexical`, :mod:`static`, and the pipeline's own vectors) give each type a row, and
:mod:`vectoriser` adds the rows up. Beside them stand what reads texts whole: :mod:`sentence` with
what :mod:`models` finds, and :mod:`custom` with what users put into the :mod:`registry`.
:mod:`spec` names a combination, and :mod:`cache` keeps the result in :mod:`files` beside the
database. Nothing is imported here: most commands need none of it.
"""
