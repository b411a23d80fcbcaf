"""Which Python file declares the databases: the key `database` of a config file, for `mainstay db`."""

from mainstay.config.document import Document
from mainstay.config.problems import Complaints
from mainstay.config.values import kind_of

KEY = "database"


def declared_database(document: Document, complaints: Complaints) -> str:
    """What the file says; empty when it does not say it, or nothing that can be used, which `complaints` has then."""
    if KEY not in document.data:
        return ""
    said = document.data[KEY]
    if isinstance(said, str) and said:
        return said
    text = "is empty" if said == "" else f"must be a text, not {kind_of(said)}"
    complaints.at((KEY,), text, 'write the path of a Python file: "shop/database.py"')
    return ""
