"""The first stock. Safe when every worker does it at the same moment, and when it was done long ago."""

from sqlalchemy import Engine
from sqlalchemy.dialects.sqlite import insert

from shop.database import writing
from shop.tables import Base, Product

STOCK = [  # slug, name, shelf, price in cents, how many, what it is
    (
        "three-strand-manila",
        "Three-strand manila, 12 mm",
        "rope",
        240,
        900,
        "By the metre. Smells the way a boat should.",
    ),
    (
        "braided-mainsheet",
        "Braided mainsheet, 10 mm",
        "rope",
        415,
        600,
        "By the metre. Soft in the hand, holds in a cleat.",
    ),
    ("tarred-marline", "Tarred marline", "rope", 890, 120, "Fifty metres for whippings, servings and lashings."),
    ("anchor-rode", "Anchor rode, 30 m", "rope", 11900, 18, "Nylon with a spliced eye and six metres of chain."),
    ("brass-oil-lamp", "Brass oil lamp", "brass", 7450, 25, "Gimballed, with a spare chimney in the box."),
    ("eight-day-clock", "Eight-day clock", "brass", 24900, 6, "Strikes the watches. Wind it on Sundays."),
    ("bow-shackle", "Bow shackle, 8 mm", "brass", 680, 300, "Bronze, captive pin, will outlive the boat."),
    ("sailmakers-palm", "Sailmaker's palm", "canvas", 2950, 40, "Left or right hand; say which when you order."),
    ("duck-canvas", "Duck canvas, 12 oz", "canvas", 1780, 200, "By the metre. For covers, dodgers and sea bags."),
    ("ditty-bag", "Ditty bag", "canvas", 3600, 30, "Eight pockets round the outside, stands on its own."),
    ("parallel-rules", "Parallel rules, 18 in", "charts", 3200, 22, "Boxwood and brass. Does not need charging."),
    ("tide-tables", "Tide tables", "charts", 1250, 80, "This year's, with the corrections pencilled in."),
]


def prepare(engine: Engine) -> None:
    """Make the tables and products that are missing, in one transaction; what is there is left alone."""
    with writing(engine) as session:
        Base.metadata.create_all(session.connection())
        for slug, name, shelf, cents, stock, blurb in STOCK:
            row = {"slug": slug, "name": name, "shelf": shelf, "cents": cents, "stock": stock, "blurb": blurb}
            session.execute(insert(Product).values(row).on_conflict_do_nothing())
