"""The real exporter with a longer list of operations: `python -m bench.longer_rounds COUNT serve …`.

The further operations ask for the public configuration again, and judge the answer as the first does, over
the same connection. So the cost of a request is separated from the cost of a connection.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from exporter import operations
from exporter.operations import configuration


def lengthen(count: int) -> None:
    """Have so many operations in every round. Before the other modules of the exporter are imported."""
    further = [
        replace(configuration.OPERATION, name=f"configuration-{number}", metrics=())
        for number in range(3, count + 1)
    ]
    operations.OPERATIONS += tuple(further)
    operations.TIMED_OPERATIONS += tuple(each.name for each in further)


if __name__ == "__main__":
    lengthen(int(sys.argv.pop(1)))
    from exporter.__main__ import main

    sys.exit(main())
