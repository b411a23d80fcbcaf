"""The known word that somebody probably meant. Only for hints."""

from collections.abc import Iterable


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that `word` is most like, or an empty text."""
    import difflib

    close = difflib.get_close_matches(word.lower().replace("-", "_"), list(known), n=1, cutoff=0.6)
    return close[0] if close else ""


def did_you_mean(word: str, known: Iterable[str], otherwise: str) -> str:
    """A hint: the nearest known word, else what `otherwise` begins, followed by all of them."""
    words = list(known)
    close = nearest(word, words)
    return f"did you mean `{close}`?" if close else f"{otherwise} {', '.join(words)}"
