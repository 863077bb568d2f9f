"""`fvae-studio bench`: what the program costs on this machine, beside its goals and what the machine allows at best.

`program` runs the parts and writes the table. Each part measures in processes of its own, so that none inherits
another's memory, caches or threads; `docs/benchmarks.md` says what each line means.
"""
