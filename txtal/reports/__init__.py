"""Pages of HTML: the report on a dataset, and the charts and page that others are drawn with."""
