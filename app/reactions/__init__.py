"""What follows an event: the one table of all reactions. Read a line to know what happens when.

Inside: part of the change, database only. After: once it is durable; may be lost, and heals by number.
"""

from app.reactions.aftersales import follow_case_of, follow_case_of_parcel, follow_platform_case
from app.reactions.automation import ask_about_message, ask_about_order, ask_about_ticket
from app.reactions.case_news import tell_of_case_later
from app.reactions.casework import answer_customer, ask_bot_or_desk, assign_to_speaker
from app.reactions.claims import tell_later
from app.reactions.complaints import follow_complaint, receive_complaint
from app.reactions.composing import OwnPages, finish_macro
from app.reactions.frames import Frames
from app.reactions.notices import send_code_later, send_transcript_later, tell_customers, tell_of_money
from app.reactions.ratings import follow_up
from app.reactions.refunds import settle_our_own, tell_ticket
from app.reactions.routing import drain_after_work, follow_queue
from app.reactions.staff import StaffNews
from app.realtime.hub import Hub
from conversations.events import (
    CodeRequested,
    ContactProved,
    ConversationRead,
    DraftKept,
    HandlerChanged,
    MessagePosted,
    MessagesReceived,
    NoteAdded,
    OrderInView,
    RatingGiven,
    ReplyHeld,
    ReplySettled,
    TranscriptRequested,
)
from core.events import Bus
from orders.claims.settling import follow_orders
from orders.events import (
    ClaimChanged,
    OrderCancelled,
    OrderChanged,
    OrderConfirmed,
    ParcelMoved,
    PlatformCaseTold,
    RefundChanged,
    RefundIntentChanged,
)
from orders.history import note_change
from tickets.capacity import Weights
from tickets.events import AfterSaleChanged, StaffChanged, TicketChanged, TicketOpened
from tickets.mentioning import tell_mentioned


def connect(hub: Hub, weights: Weights | None = None) -> Bus:
    """The bus with every reaction on it; frames leave through `hub`. `weights` are the points of work."""
    frames = Frames(hub)
    staff = StaffNews(hub, frames.inbox, weights or Weights())
    pages = OwnPages(hub)
    bus = Bus()
    bus.inside = {
        # talk
        MessagePosted: (ask_bot_or_desk, answer_customer, ask_about_message),
        HandlerChanged: (assign_to_speaker, follow_queue),
        NoteAdded: (tell_mentioned,),
        CodeRequested: (send_code_later,),
        RatingGiven: (follow_up,),
        TranscriptRequested: (send_transcript_later,),
        ReplySettled: (finish_macro,),
        # work
        TicketOpened: (receive_complaint, drain_after_work, ask_about_ticket),
        AfterSaleChanged: (tell_of_case_later,),
        TicketChanged: (follow_complaint, drain_after_work, ask_about_ticket),
        # orders
        ClaimChanged: (tell_later, follow_case_of),
        OrderConfirmed: (tell_customers,),
        OrderChanged: (note_change, tell_customers, follow_orders, ask_about_order),
        OrderCancelled: (tell_customers,),
        ParcelMoved: (tell_customers, follow_case_of_parcel, ask_about_order),
        PlatformCaseTold: (follow_platform_case,),
        RefundChanged: (tell_customers, settle_our_own, ask_about_order),
        RefundIntentChanged: (follow_case_of, tell_ticket, tell_of_money),
    }
    bus.after = {
        # talk
        MessagePosted: (frames.message_posted,),
        HandlerChanged: (frames.handler_changed, staff.handler_changed),
        NoteAdded: (frames.note_added,),
        ConversationRead: (frames.conversation_read,),
        MessagesReceived: (frames.messages_received,),
        OrderInView: (frames.order_in_view,),
        ContactProved: (frames.contact_proved,),
        RatingGiven: (frames.rating_given,),
        ReplyHeld: (pages.reply_moved,),
        ReplySettled: (pages.reply_moved,),
        DraftKept: (pages.draft_kept,),
        # work
        TicketOpened: (frames.ticket_changed, staff.ticket_changed),
        TicketChanged: (frames.ticket_changed, staff.ticket_changed),
        StaffChanged: (staff.staff_changed,),
        # orders
        OrderChanged: (frames.order_changed,),
        RefundIntentChanged: (frames.order_changed,),
    }
    return bus
