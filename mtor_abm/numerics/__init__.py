"""Mathematics without biology: compiled loops, keyed chance, diffusion, lattices, responses."""
