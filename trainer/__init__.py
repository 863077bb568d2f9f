"""Training and evaluation of the flow VAE: a second client of `fvae_studio.core` and `fvae_studio.model`."""
