"""The shop as JSON, under /api."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from shop import sales
from shop.database import to_read, writing
from shop.worker import this_worker

router = APIRouter(prefix="/api", tags=["shop"])
Reading = Annotated[Session, Depends(to_read)]
Quantity = Annotated[int, Field(ge=1, le=1000)]


class Row(BaseModel):
    """A reply made from a row of a table."""

    model_config = ConfigDict(from_attributes=True)


class ProductOut(Row):
    slug: str
    name: str
    shelf: str
    blurb: str
    cents: int
    stock: int


class LineOut(Row):
    product: ProductOut
    quantity: int
    cents: int


class OrderOut(Row):
    id: int
    customer: str
    placed: datetime
    taken_by: str
    cents: int
    lines: list[LineOut]


class OrderIn(BaseModel):
    customer: Annotated[str, Field(min_length=1, max_length=80)]
    cart: Annotated[dict[str, Quantity], Field(min_length=1, max_length=50, description="slug to quantity")]


@router.get("/products")
def list_products(session: Reading, q: str = "") -> list[ProductOut]:
    return [ProductOut.model_validate(row) for row in sales.find(session, q)]


@router.get("/products/{slug}")
def show_product(session: Reading, slug: str) -> ProductOut:
    return ProductOut.model_validate(sales.product(session, slug))


@router.post("/orders", status_code=201)
def place_order(request: Request, wish: OrderIn) -> OrderOut:
    with writing(request.app.state.engine) as session:
        return OrderOut.model_validate(sales.sell(session, wish.customer, wish.cart, str(this_worker())))


@router.get("/orders")
def list_orders(session: Reading) -> list[OrderOut]:
    return [OrderOut.model_validate(row) for row in sales.orders(session)]


@router.get("/orders/{number}")
def show_order(session: Reading, number: int) -> OrderOut:
    return OrderOut.model_validate(sales.order(session, number))
