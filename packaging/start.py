"""Where both executables of the frozen program begin."""

from fvae_studio.__main__ import main

main()
