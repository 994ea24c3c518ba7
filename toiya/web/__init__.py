"""The pages: public site, membership site, dashboard, organization portal, operator console, mailbox."""
