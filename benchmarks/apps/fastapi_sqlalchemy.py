"""A FastAPI app that reads SQLite through SQLAlchemy: the weight of a real service.

The import opens no connection: the engine is made when the app starts, so the app may be imported once and forked.
"""

import gc
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from sqlalchemy import Engine, String, create_engine, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    """The root of the tables."""


class Product(Base):
    """One thing on sale."""

    __tablename__ = "products"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    cents: Mapped[int]


def prepare(engine: Engine) -> None:
    """Make the table and its rows once, however many workers start at the same moment."""
    with engine.begin() as connection:
        connection.execute(
            text("CREATE TABLE IF NOT EXISTS products (id INTEGER PRIMARY KEY, name VARCHAR(80), cents INTEGER)")
        )
        for number in range(1, 21):
            connection.execute(
                text("INSERT OR IGNORE INTO products VALUES (:id, :name, :cents)"),
                {"id": number, "name": f"product {number}", "cents": number * 100},
            )


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold the engine while the app serves."""
    app.state.engine = create_engine("sqlite:///bench.db", connect_args={"timeout": 30})
    prepare(app.state.engine)
    yield
    app.state.engine.dispose()


app = FastAPI(lifespan=lifespan)


@app.get("/")
def products(request: Request) -> list[dict[str, object]]:
    """List five products."""
    with Session(request.app.state.engine) as session:
        found = session.scalars(select(Product).order_by(Product.id).limit(5)).all()
        return [{"id": product.id, "name": product.name, "cents": product.cents} for product in found]


@app.get("/whoami")
async def whoami() -> dict[str, object]:
    """Say which process answers."""
    return {"pid": os.getpid(), "version": "good"}


@app.get("/collect")
async def collect() -> dict[str, object]:
    """Run a full garbage collection in this process."""
    return {"pid": os.getpid(), "freed": gc.collect()}
