"""The ports: what the warehouse needs from storage, catalog and runners.

Every implementation passes the contract suite in `assets_tests/contracts`; each port of a store has an in-memory
twin beside its real implementation. `pyarrow` and `polars` appear in signatures only: no port imports them.
"""
