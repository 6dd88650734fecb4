"""The writers of the export formats, a module each; :mod:`txtal.formats.exports` is their table."""
