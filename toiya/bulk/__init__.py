"""Many at once from a file: read, previewed row by row, carried out in part, repeated without effect."""
