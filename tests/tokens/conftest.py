"""What the stories of programs start from."""
