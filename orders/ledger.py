"""What is to be written for many orders, gathered first and then stored table by table, with a few statements each."""

from collections import defaultdict
from collections.abc import Iterable

from core.sql import Program
from orders.tables import DISPUTES, LINES, ORDERS, PAYMENTS, REFUNDS, SCANS, SHIPMENTS, Row, Table

_IN_TURN = (ORDERS, LINES, PAYMENTS, SHIPMENTS, REFUNDS, DISPUTES, SCANS)  # whoever is pointed at comes first


class Ledger:
    """Changes of rows that have not been stored yet."""

    def __init__(self) -> None:
        self._fresh: dict[Table, list[tuple[Row, dict[str, Row]]]] = defaultdict(list)
        self._touched: dict[Table, dict[tuple[str, ...], list[Row]]] = defaultdict(lambda: defaultdict(list))
        self._gone: dict[Table, list[int]] = defaultdict(list)

    def add(self, table: Table, row: Row, **parents: Row) -> None:
        """Store `row`; the columns named by `parents` take the ids of those rows, which may be new, too."""
        self._fresh[table].append((row, parents))

    def change(self, table: Table, row: Row, names: Iterable[str]) -> None:
        """Store the columns `names` of a row that is stored already. Rows with the same names go together."""
        self._touched[table][tuple(names)].append(row)

    def remove(self, table: Table, rows: Iterable[Row]) -> None:
        """Take rows away."""
        self._gone[table] += [row["id"] for row in rows]

    def store(self) -> Program[None]:
        """Write everything. New rows have their ids afterwards."""
        for table in _IN_TURN:
            yield from table.delete(self._gone[table])  # first: another row may take over its name
            for names, rows in self._touched[table].items():
                yield from table.update(rows, names)
            for row, parents in self._fresh[table]:
                row.update({name: parent["id"] for name, parent in parents.items()})
            yield from table.insert([row for row, _ in self._fresh[table]])
