"""The annotator's session on a terminal: full screen, or line by line.

Pure parts first: ``keys`` (the table of actions), ``field``, ``wrap``, ``picker``, ``words`` and
``view`` turn plain data into lines; ``screen`` is the state between keys; ``app`` alone knows
prompt_toolkit, and ``plain`` alone prints.
"""
