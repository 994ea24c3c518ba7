"""The membership site's organization profiles and logins, and what a partner tells about itself."""
