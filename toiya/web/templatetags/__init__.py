"""The parts that pages are written from (docs/design-language.md)."""
