"""Effects are data: what a reply says is kept with the request that waits."""

from mainstay.core.effects import Outcome, Refusal, Reply
from mainstay.model.codec import dump, load


def test_a_refusal_is_a_failure_unless_it_says_otherwise() -> None:
    assert Refusal("cannot start web: no such module").exit_code == 1


def test_a_refusal_survives_the_daemon_with_the_lines_that_explain_it() -> None:
    refusal = Refusal("cannot start web", "mend it", ("Traceback", "ValueError"), 2)

    assert load(Refusal, dump(refusal)) == refusal


def test_a_reply_carries_what_became_of_each_app() -> None:
    reply = Reply(1, (Outcome("web", "changed", ("instances 2 -> 4 (live)",)), Outcome("jobs", "unchanged")))

    assert reply.refusal is None
    assert [outcome.app for outcome in reply.outcomes] == ["web", "jobs"]
