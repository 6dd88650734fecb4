"""The readers of the import formats, a module each; :mod:`txtal.formats.imports` is their table."""
