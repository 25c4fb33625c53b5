"""What `wismo simulate` says in the end: tries by fault and answer, and how the record compares with the truth."""

from collections.abc import Iterator, Sequence

from app.gateways.simulators.checking import Finding
from app.gateways.simulators.faults import Plan
from app.gateways.simulators.sending import Report
from app.gateways.simulators.world import Story

SHOWN_FINDINGS = 20


def table(drawn: Plan, report: Report) -> Iterator[str]:
    """Tries by fault and by answer, then how long answers took."""
    answers = sorted({answer for _, answer in report.outcomes})
    yield f"{'':<14}" + "".join(f"{answer:>17}" for answer in answers)
    for fault in sorted({fault for fault, _ in report.outcomes}):
        yield f"{fault or 'as it should':<14}" + "".join(f"{report.outcomes[fault, a]:>17}" for a in answers)
    if drawn.lost:
        yield f"never sent: {len(drawn.lost)}"
    yield f"answers: p50 {report.slowest(0.5) * 1000:.0f} ms, p99 {report.slowest(0.99) * 1000:.0f} ms"
    if report.taken_forgeries:
        yield f"FORGED DELIVERIES WERE TAKEN: {report.taken_forgeries}"


def unexplained(drawn: Plan, report: Report, findings: Sequence[Finding]) -> list[Finding]:
    """What no lost delivery explains."""
    lost = {said.order for said in drawn.lost} | report.given_up
    return [finding for finding in findings if finding.truth.source_id not in lost]


def verdict(story: Story, findings: Sequence[Finding], strange: Sequence[Finding]) -> Iterator[str]:
    """Each order that is not as it should be, what nobody can explain first; then how many there are."""
    told = [*strange, *(finding for finding in findings if finding not in strange)]
    for finding in told[:SHOWN_FINDINGS]:
        wrong = "; ".join(f"{name}: {found}, not {true}" for name, (true, found) in finding.wrong.items())
        why = "" if finding in strange else " (a delivery was lost)"
        yield f"order {finding.truth.number}: {'missing' if finding.missing else wrong}{why}"
    if len(told) > SHOWN_FINDINGS:
        yield f"… and {len(told) - SHOWN_FINDINGS} more"
    right, missing = len(story.truths) - len(told), sum(finding.missing for finding in told)
    yield f"{right} right, {len(told) - missing} wrong, {missing} missing; unexplained: {len(strange)}"
