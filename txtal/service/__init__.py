"""txtal over HTTP: predictions, a labelling queue, figures and training, for other programs.

``txtal serve`` runs it. Only this room knows starlette and uvicorn, which the extra ``serve``
brings.
"""
