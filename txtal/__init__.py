"""txtal: label the fewest tickets for a classifier you can trust."""
