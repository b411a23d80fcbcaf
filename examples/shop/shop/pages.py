"""The shop as pages for people."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.templating import Jinja2Templates
from sqlalchemy.orm import Session

from mainstay.web.sessions import Session as Visitor
from shop import sales
from shop.database import to_read, writing
from shop.worker import this_worker

router = APIRouter(include_in_schema=False)
templates = Jinja2Templates(Path(__file__).parent / "templates")
Reading = Annotated[Session, Depends(to_read)]


def visitor(request: Request) -> Visitor:
    """The session of whoever asks; the same as `request.session`, which is declared as a dict and no more."""
    found: Visitor = request.scope["session"]
    return found


def money(cents: int) -> str:
    """1250 as 12.50."""
    return f"€{cents // 100:,}.{cents % 100:02}"


templates.env.filters["money"] = money


def page(request: Request, name: str, *, status: int = 200, **context: object) -> Response:
    """A page, with the worker that made it for the footer."""
    shown = {"worker": this_worker(), "customer": visitor(request).get("customer"), **context}
    return templates.TemplateResponse(request, name, shown, status_code=status)


@router.get("/")
def shelves(request: Request, session: Reading, q: str = "") -> Response:
    return page(request, "products.html", products=sales.find(session, q), q=q)


@router.get("/products/{slug}")
def product(request: Request, session: Reading, slug: str) -> Response:
    return page(request, "product.html", product=sales.product(session, slug))


@router.post("/orders")
def place_order(
    request: Request,
    slug: Annotated[str, Form()],
    customer: Annotated[str, Form(min_length=1, max_length=80)],
    quantity: Annotated[int, Form(ge=1, le=1000)],
) -> Response:
    with writing(request.app.state.engine) as session:
        number = sales.sell(session, customer, {slug: quantity}, str(this_worker())).id
    buyer = visitor(request)
    if customer != buyer.get("customer"):
        buyer.login(customer)  # another person: with nothing of whoever was here before
        buyer["customer"] = customer
    buyer["orders"] = [*buyer.get("orders", []), number]
    return RedirectResponse(f"/orders?new={number}", status_code=303)


@router.get("/orders")
def orders(request: Request, session: Reading, new: int = 0) -> Response:
    yours = frozenset(visitor(request).get("orders", []))
    return page(request, "orders.html", orders=sales.orders(session), new=new, yours=yours)


@router.post("/leave")
def leave(request: Request) -> Response:
    visitor(request).logout()
    return RedirectResponse("/", status_code=303)
