"""On which line each key of a TOML document stands, which `tomllib` does not tell.

Walks text that `tomllib` has already accepted (TOML 1.0), so that it need not check anything: only the shapes that
decide where a key, a value or a list item begins and ends are known here.
"""

from mainstay.config.document import KeyPath

_BLANK = " \t"
_SPACE = " \t\r\n"


def lines_of_keys(text: str) -> dict[KeyPath, int]:
    """The line (from 1) on which each key, table and list item of a valid TOML document is first written."""
    return _Walk(text).document()


class _Walk:
    """One pass over the text; `_at` is where it stands."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._lines: dict[KeyPath, int] = {}
        self._last_item: dict[KeyPath, int] = {}

    def document(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._skip_to_next():
            if self._peek() == "[":
                table = self._header()
            else:
                self._pair(table)
        return self._lines

    def _header(self) -> KeyPath:
        many = self._text.startswith("[[", self._at)
        line = self._here()
        self._at += 2 if many else 1
        keys = self._keys()
        path: KeyPath = ()
        for key in keys[:-1]:
            path = self._into_last_item((*path, key), line)
        path = (*path, keys[-1])
        if many:
            self._lines.setdefault(path, line)
            self._last_item[path] = self._last_item.get(path, -1) + 1
            path = (*path, self._last_item[path])
        else:
            path = self._into_last_item(path, line)
        self._lines.setdefault(path, line)
        self._skip_blank()
        self._at += 2 if many else 1
        return path

    def _into_last_item(self, path: KeyPath, line: int) -> KeyPath:
        self._lines.setdefault(path, line)
        return (*path, self._last_item[path]) if path in self._last_item else path

    def _pair(self, table: KeyPath) -> None:
        line = self._here()
        path = table
        for key in self._keys():
            path = (*path, key)
            self._lines.setdefault(path, line)
        self._skip_blank()
        self._at += 1  # the equals sign
        self._skip_blank()
        self._value(path)

    def _keys(self) -> list[str]:
        """A key with its dots: `a."b c".d`."""
        keys = []
        while True:
            self._skip_blank()
            keys.append(self._string() if self._peek() in "\"'" else self._until(_SPACE + ".=]"))
            self._skip_blank()
            if self._peek() != ".":
                return keys
            self._at += 1

    def _value(self, path: KeyPath) -> None:
        match self._peek():
            case '"' | "'":
                self._string()
            case "[":
                self._list(path)
            case "{":
                self._inline_table(path)
            case _:
                self._until(",]}#\n")

    def _list(self, path: KeyPath) -> None:
        self._at += 1
        index = 0
        while self._skip_to_next() and self._peek() != "]":
            if self._peek() == ",":
                self._at += 1
                continue
            self._lines[(*path, index)] = self._here()
            self._value((*path, index))
            index += 1
        self._at += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._at += 1
        while self._skip_to_next() and self._peek() != "}":
            if self._peek() == ",":
                self._at += 1
            else:
                self._pair(path)
        self._at += 1

    def _string(self) -> str:
        """Step over a string of any of the four kinds; its text (decoded only as far as a key needs it)."""
        quote = self._peek()
        mark = quote * 3 if self._text.startswith(quote * 3, self._at) else quote
        start = self._at
        self._at += len(mark)
        while not self._text.startswith(mark, self._at):
            self._at += 2 if quote == '"' and self._peek() == "\\" else 1
        self._at += len(mark)
        while len(mark) == 3 and self._peek() == quote:  # up to two more quotes belong to the text
            self._at += 1
        written = self._text[start : self._at]
        if "\\" in written and quote == '"':
            return _decoded(written)
        return written[len(mark) : -len(mark)]

    def _until(self, ends: str) -> str:
        start = self._at
        while self._at < len(self._text) and self._text[self._at] not in ends:
            self._at += 1
        return self._text[start : self._at]

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip_blank(self) -> None:
        while self._at < len(self._text) and self._text[self._at] in _BLANK:
            self._at += 1

    def _skip_to_next(self) -> bool:
        """Step over space, line ends and comments; False at the end of the text."""
        while self._at < len(self._text):
            if self._text[self._at] == "#":
                self._until("\n")
            elif self._text[self._at] in _SPACE:
                self._at += 1
            else:
                return True
        return False

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line


def _decoded(written: str) -> str:
    import tomllib

    text: str = tomllib.loads(f"key = {written}")["key"]
    return text
