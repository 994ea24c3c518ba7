"""What doors must remember between requests: limits on guesses and on mails, first answers."""
