from tests.end_to_end.conftest import run

__all__ = ["run"]
