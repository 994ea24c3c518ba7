"""A client of the REST API: for programs as a class, for people as ``toiya customers list``.

It is thin: the operations, their addresses and parameters come from the installation's own OpenAPI document.
"""

from toiya.client.session import ApiRefused, Client

__all__ = ["ApiRefused", "Client"]
