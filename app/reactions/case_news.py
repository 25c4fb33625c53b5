"""Inside the transaction of an after-sales case: its customer hears of the step by a job."""

from collections.abc import Sequence

from core.events import Together
from core.jobs import Plan, enqueued
from core.sql import Program
from tickets.events import AfterSaleChanged


def _told(events: Sequence[AfterSaleChanged]) -> Program[Sequence[AfterSaleChanged]]:
    """One look for each case; what the customer has heard already is not said again."""
    cases = dict.fromkeys(event.case_id for event in events if event.ticket_id is not None)
    plans = [Plan(kind="aftersale.tell", args={"case": case}, lane=f"aftersale.tell:{case}") for case in cases]
    yield from enqueued(plans)
    return ()


tell_of_case_later = Together(_told)
