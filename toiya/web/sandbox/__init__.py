"""Pages: a partner's sandbox, its clock and its mailbox."""
