"""The tables. Prices are whole cents, times are UTC."""

from datetime import UTC, datetime

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """The root of the mapped classes."""


class Product(Base):
    """Something on the shelf."""

    __tablename__ = "product"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    shelf: Mapped[str]
    blurb: Mapped[str]
    cents: Mapped[int]
    stock: Mapped[int]


class Order(Base):
    """What a customer has bought, and which worker took the order."""

    __tablename__ = "customer_order"

    id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str]
    placed: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC).replace(tzinfo=None))
    taken_by: Mapped[str]
    lines: Mapped[list["OrderLine"]] = relationship(lazy="selectin")

    @property
    def cents(self) -> int:
        """The total."""
        return sum(line.quantity * line.cents for line in self.lines)


class OrderLine(Base):
    """A product in an order, at the price of that day."""

    __tablename__ = "order_line"

    order_id: Mapped[int] = mapped_column(ForeignKey("customer_order.id"), primary_key=True)
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), primary_key=True)
    quantity: Mapped[int]
    cents: Mapped[int]
    product: Mapped[Product] = relationship(lazy="joined")
