"""Turns texts into a matrix of features; the only importer of spaCy and of sentence models.

From the bottom up: :mod:`pipeline` tokenises and :mod:`bag` counts token types. :mod:`blocks` says
what a block of columns is. Some give each type a row (:mod:`lexical`, :mod:`static`,
:mod:`pipeline_vectors`), which :mod:`sums` adds up; others read texts whole: :mod:`sentence` with
what :mod:`models` finds, and :mod:`custom` with users' classes. :mod:`table` lists the built-in
blocks, :mod:`registry` finds one by name, and :mod:`spec` reads a combination of names.
:mod:`vectoriser` puts blocks side by side, each as long as :mod:`lengths` says, and :mod:`cache`
keeps the result in :mod:`files` beside the database. Nothing is imported here: most commands need
none of it.
"""
