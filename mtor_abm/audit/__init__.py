"""Are the headline effects findings, or artefacts of how the model is made?

`run` is the model as the audit tool abmfact asks for it: parameters, a seed and seven knobs in,
numbers out. Each knob changes something that a conclusion must not rest on (`knobs.py`); the audit
file is audit/audit.yaml, its outcome docs/audit.md (`page.py`).

    abmfact run audit/audit.yaml --out audit --jobs 2
    python -m mtor_abm.audit audit/results.json docs/audit.md
"""

from .knobs import ORDERS, MarrowUnderAudit, run

__all__ = ["ORDERS", "MarrowUnderAudit", "run"]
