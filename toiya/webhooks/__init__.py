"""Partners' programs are told what happened: where to, signed how, how often tried again, and what came of it."""
