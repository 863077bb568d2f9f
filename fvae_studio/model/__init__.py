"""The flow VAE and everything that defines it: shared word for word by the application and the trainer."""
