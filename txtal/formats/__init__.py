"""What others read and write. Light: standard library, jsonlines and murmurhash only."""
