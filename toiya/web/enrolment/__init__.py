"""Pages: enrolment."""
