"""The addresses at which programs get tokens, in the words that existing clients know (conventions.md section 2)."""
