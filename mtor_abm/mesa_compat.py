"""The only file that knows Mesa's private names."""

import mesa


class MesaModel(mesa.Model):
    """A mesa.Model whose agents are lazy views of populations."""

    def __init__(self, *, seed: int, **kwargs: object) -> None:
        super().__init__(rng=seed, **kwargs)
