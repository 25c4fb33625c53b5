"""All doors of the console."""

from starlette.routing import Route

from app.web import (
    console_account,
    console_answers,
    console_arrangement,
    console_audit,
    console_bot,
    console_bulk,
    console_composer,
    console_connections,
    console_corrections,
    console_deliveries,
    console_orders,
    console_promises,
    console_queue,
    console_rule,
    console_search,
    console_staff,
    console_stock,
    console_teams,
    console_ticket,
    console_views,
    console_work,
)
from app.web.console_inbox import inbox_page

routes = [
    Route("/console", inbox_page, methods=["GET"]),
    *console_ticket.routes,
    *console_composer.routes,
    *console_work.routes,
    *console_arrangement.routes,
    *console_bulk.routes,
    *console_views.routes,
    *console_queue.routes,
    *console_orders.routes,
    *console_search.routes,
    *console_staff.routes,
    *console_answers.routes,
    *console_bot.routes,
    *console_rule.routes,
    *console_teams.routes,
    *console_corrections.routes,
    *console_promises.routes,
    *console_stock.routes,
    *console_deliveries.routes,
    *console_connections.routes,
    *console_audit.routes,
    *console_account.routes,
]
