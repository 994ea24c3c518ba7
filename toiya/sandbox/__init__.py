"""Sandboxes: a partner tries everything out in a family of made-up organisations with a clock and a mailbox of its own.

The organisations in it are ordinary rows, made, changed and read by the same use cases as real ones.
"""
