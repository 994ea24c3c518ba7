"""Mails as rows: posted by a use case in its transaction, rendered and sent by the worker."""
