"""What the shop is told from outside: by the environment, or by .env files beside mainstay.toml."""

import os
import secrets
from pathlib import Path

from mainstay.settings import Secret, Settings, load

ROOT = Path(__file__).resolve().parent.parent


class Shop(Settings, prefix="SHOP_"):
    """`SHOP_DATABASE` and `SHOP_SECRET`."""

    database: Path = ROOT / "data" / "shop.db"
    secret: Secret | None = None
    """Signs the cookies. Without it the shop makes one of its own, beside its database: several machines need one."""


def settings() -> Shop:
    """Read anew each time: nothing is kept from an import into the workers that are forked from it."""
    return Shop.load(load(ROOT, target=dict(os.environ)))


def signing_secret(shop: Shop) -> str:
    """What signs the cookies, the same in all workers."""
    if shop.secret is not None:
        return shop.secret.reveal()
    file = shop.database.with_name("session.secret")
    if not file.exists():
        own = file.with_suffix(f".{os.getpid()}")
        own.touch(0o600)
        own.write_text(secrets.token_urlsafe(48))
        try:
            os.link(own, file)  # whole, or not at all; the first worker's stays
        except FileExistsError:
            pass
        finally:
            own.unlink()
    return file.read_text()
