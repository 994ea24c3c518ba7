"""For those who run the installation: is it alive, can it serve, how much does it do."""
