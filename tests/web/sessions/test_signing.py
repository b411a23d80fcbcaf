import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainstay.web.sessions.signing import Opened, Signer, express_sign, express_unsign, idle_of, key_of, new_id
from tests.web.sessions.browser import OLDER_SECRET, SECRET


def test_an_id_has_192_random_bits_and_no_two_are_the_same() -> None:
    ids = {new_id() for _ in range(1000)}

    assert len(ids) == 1000
    assert {len(id_) for id_ in ids} == {32}


def test_an_id_may_tell_an_idle_lifetime_of_its_own() -> None:
    assert idle_of(new_id(3600)) == 3600
    assert idle_of(new_id()) is None


def test_the_store_gets_the_hash_of_an_id() -> None:
    assert key_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("format", ["mainstay", "express"])
def test_what_was_signed_is_opened(format: str) -> None:
    signer, id_ = Signer([SECRET], name="sid", format=format), new_id()  # type: ignore[arg-type]

    assert signer.open(signer.seal(id_).encode()) == Opened(id_, key_of(id_), current=True)


@pytest.mark.parametrize("format", ["mainstay", "express"])
def test_every_secret_verifies_and_the_first_one_signs(format: str) -> None:
    old = Signer([OLDER_SECRET], name="sid", format=format)  # type: ignore[arg-type]
    both = Signer([SECRET, OLDER_SECRET], name="sid", format=format)  # type: ignore[arg-type]
    id_ = new_id()

    assert both.open(old.seal(id_).encode()) == Opened(id_, key_of(id_), current=False)
    assert old.open(both.seal(id_).encode()) is None


def test_only_what_was_right_is_remembered_and_not_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstay.web.sessions.signing.REMEMBERED", 3)
    signer = Signer([SECRET], name="sid")
    values = [signer.seal(new_id()).encode() for _ in range(5)]

    for value in [*values, *values]:
        assert signer.open(value) == signer.open(value)
        assert signer.open(value[:-1] + b"!") is None

    assert 0 < len(signer._known) <= 3


def test_a_signature_is_good_for_one_name_of_a_cookie() -> None:
    value = Signer([SECRET], name="admin").seal(new_id()).encode()

    assert Signer([SECRET], name="sid").open(value) is None


@given(st.integers(0, 75), st.integers(1, 255))
def test_a_value_with_one_byte_changed_is_refused(at: int, by: int) -> None:
    signer = Signer([SECRET], name="sid")
    value = bytearray(signer.seal(new_id()).encode())
    value[at] ^= by

    assert signer.open(bytes(value)) is None


@given(st.binary(max_size=200) | st.from_regex(rb"[A-Za-z0-9_-]{32}\.[A-Za-z0-9_-]{43}", fullmatch=True))
def test_no_bytes_make_opening_fail(value: bytes) -> None:
    assert Signer([SECRET], name="sid").open(value) is None
    assert Signer([SECRET], name="sid", format="express").open(value) is None


@given(st.text(max_size=50))
def test_no_text_makes_unsigning_fail(value: str) -> None:
    assert express_unsign(value, "keyboard cat") is None


def test_the_signature_is_that_of_express_session() -> None:
    """What `printf abc | openssl dgst -sha256 -hmac 'keyboard cat' -binary | base64` says, without its `=`."""
    signed = express_sign("abc", "keyboard cat")

    assert signed == "s:abc.BpxCrWRpvZMh/wk/djl34N+m+VQEU7K/5WenLwJCgFU"
    assert express_unsign(signed, "keyboard cat") == "abc"
    assert express_unsign(signed, "keyboard dog") is None


def test_a_cookie_that_express_session_sent_is_opened() -> None:
    """Its value was made by the package cookie-signature 1.2.2 and encodeURIComponent."""
    sent = b"s%3A4S9xpTlkVQiYnw6fvhUuuyHShCFVwLse.hAJMu5YQEOfkYOaEa4pCapemSaXaqlzx5C%2BcjEuJyTc"
    signer = Signer([SECRET], name="connect.sid", format="express")

    opened = signer.open(sent)

    assert opened is not None
    assert opened.id == "4S9xpTlkVQiYnw6fvhUuuyHShCFVwLse"
    assert signer.seal(opened.id).encode() == sent


def test_the_cookie_of_express_session_is_url_encoded() -> None:
    value = Signer([SECRET], name="connect.sid", format="express").seal(new_id())

    assert value.startswith("s%3A")
    assert not set(value) & set(":+/=")


@pytest.mark.parametrize(
    ("secrets", "problem"), [([], "need a secret"), ([SECRET, "short"], "secret 2 of 2 .* 5 bytes")]
)
def test_secrets_that_protect_nothing_are_refused(secrets: list[str], problem: str) -> None:
    with pytest.raises(ValueError, match=problem) as refused:
        Signer(secrets, name="sid")

    assert "short" not in str(refused.value)


def test_no_secret_and_no_id_is_shown() -> None:
    signer = Signer([SECRET], name="sid")

    assert repr(signer) == "Signer(1 secrets)"
    assert "abc" not in repr(Opened("abc", key_of("abc"), current=True))
