"""What the shop does, whoever asks: finding products and selling. Knows no HTTP."""

from collections.abc import Mapping, Sequence

from sqlalchemy import CursorResult, or_, select, update
from sqlalchemy.orm import Session

from shop.tables import Order, OrderLine, Product


class NotFound(Exception):
    """No product or order goes by that name."""


class SoldOut(Exception):
    """Fewer are left than were asked for."""


def find(session: Session, words: str = "") -> Sequence[Product]:
    """The products whose name, shelf or description holds every one of `words`; all of them for none."""
    query = select(Product).order_by(Product.shelf, Product.name)
    for word in words.split():
        columns = (Product.name, Product.shelf, Product.blurb)
        query = query.where(or_(*(column.icontains(word, autoescape=True) for column in columns)))
    return session.scalars(query).all()


def product(session: Session, slug: str) -> Product:
    """The product called `slug`; raises NotFound."""
    found = session.scalar(select(Product).where(Product.slug == slug))
    if found is None:
        raise NotFound(f"no product is called {slug!r}")
    return found


def sell(session: Session, customer: str, wanted: Mapping[str, int], taken_by: str) -> Order:
    """Take an order for the cart `wanted` (slug to quantity), all of it or nothing; raises NotFound and SoldOut."""
    order = Order(customer=customer, taken_by=taken_by)
    for slug, quantity in wanted.items():
        chosen = product(session, slug)
        enough = update(Product).where(Product.id == chosen.id, Product.stock >= quantity)
        taken = session.execute(enough.values(stock=Product.stock - quantity))
        if not isinstance(taken, CursorResult) or taken.rowcount == 0:
            raise SoldOut(f"only {chosen.stock} of {chosen.name!r} are left")
        order.lines.append(OrderLine(product=chosen, quantity=quantity, cents=chosen.cents))
    session.add(order)
    session.flush()
    return order


def orders(session: Session, limit: int = 50) -> Sequence[Order]:
    """The latest orders, newest first."""
    return session.scalars(select(Order).order_by(Order.id.desc()).limit(limit)).all()


def order(session: Session, number: int) -> Order:
    """One order; raises NotFound."""
    found = session.get(Order, number)
    if found is None:
        raise NotFound(f"there is no order {number}")
    return found
