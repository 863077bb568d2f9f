"""What `fvae-train evaluate` measures, one module per kind of figure; `trainer.evaluate` puts them together."""
