"""The REST API: a door that speaks the wire language of existing partner clients, and Toiya's own extensions in it.

It decodes a request, calls the use case that the page calls, and encodes the outcome. Nothing is decided here.
"""
