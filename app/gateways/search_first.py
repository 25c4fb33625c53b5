"""Services that may forget our keys: what they have is looked through before money is sent (decision 0033)."""

from abc import ABC, abstractmethod

from app.gateways.payment_http import answered
from orders.refunds.gateway import Answer, Instruction, Outcome


class SearchFirst(ABC):
    """See RefundGateway. No try, however late, pays what is there already."""

    @answered
    async def refund(self, instruction: Instruction) -> Outcome:
        known = await self.find(instruction)
        return await self.send(instruction) if known.state is Answer.ABSENT else known

    @answered
    async def look_up(self, instruction: Instruction) -> Outcome:
        return await self.find(instruction)

    @abstractmethod
    async def find(self, instruction: Instruction) -> Outcome:
        """The refund that carries our key. Raises Unanswered, Invalid."""

    @abstractmethod
    async def send(self, instruction: Instruction) -> Outcome:
        """Ask for the refund, which is not there. Raises Unanswered, Invalid."""
