# mypy: disable-error-code="import-untyped,misc"
"""Polls: a Django app (WSGI) with models, forms and templates. One file on purpose.

    cd examples/django_polls && mainstay start

POLLS_DATABASE names the SQLite file (data/polls.db beside this one where it is not set).
"""

import fcntl
import functools
import os
from collections.abc import Callable
from pathlib import Path

import django
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

FILE = Path(os.environ.get("POLLS_DATABASE") or Path(__file__).parent / "data" / "polls.db")

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1", "localhost"],
    SECRET_KEY=os.environ.get("POLLS_SECRET_KEY", "only for trying it out on your own machine"),
    ROOT_URLCONF=__name__,
    USE_TZ=True,
    MIDDLEWARE=[
        "django.middleware.security.SecurityMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        f"{__name__}.with_tables",
    ],
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": FILE,
            "OPTIONS": {"timeout": 15, "transaction_mode": "IMMEDIATE"},
        }
    },
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
)
django.setup()

# What follows needs the settings above.
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.shortcuts import get_object_or_404, redirect  # noqa: E402
from django.template import engines  # noqa: E402
from django.urls import path  # noqa: E402


class Poll(models.Model):
    """A question."""

    question = models.CharField(max_length=200, unique=True)

    class Meta:
        app_label = "polls"


class Choice(models.Model):
    """One of a question's answers, and how often it was given."""

    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="choices")
    text = models.CharField(max_length=200)
    votes = models.PositiveIntegerField(default=0)

    class Meta:
        app_label = "polls"
        unique_together = ("poll", "text")


FIRST_POLLS = {
    "Tea or coffee?": ["Tea", "Coffee", "Neither before noon"],
    "Which watch do you like best?": ["The first", "The middle", "The dog watches"],
}

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Polls</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 2rem auto; padding: 0 1.25rem; color: #222; }
form { display: grid; gap: .4rem; padding: 1rem 0; border-top: 1px solid #ddd; }
button { font: inherit; display: flex; justify-content: space-between; padding: .5rem .8rem; }
footer { color: #666; font-size: .9rem; } h2 { font-size: 1.1rem; margin: 0; }
</style>
<h1>Polls</h1>
{% for poll in polls %}<form method="post" action="/vote">{% csrf_token %}<h2>{{ poll.question }}</h2>
{% for choice in poll.choices.all %}<button name="choice" value="{{ choice.id }}">
<span>{{ choice.text }}</span><span>{{ choice.votes }}</span></button>{% endfor %}</form>{% endfor %}
<footer>served by {{ worker.app|default:"django" }}-{{ worker.instance|default:0 }} (pid {{ worker.pid }})</footer>
</html>"""


@functools.cache
def make_tables() -> None:
    """Make the tables and the first polls where they are missing; at a worker's first request, never at import."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    with FILE.with_suffix(".lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        if connection.introspection.table_names():
            return
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode = WAL")
        with connection.schema_editor() as editor:
            editor.create_model(Poll)
            editor.create_model(Choice)
        with transaction.atomic():
            for question, answers in FIRST_POLLS.items():
                poll = Poll.objects.create(question=question)
                Choice.objects.bulk_create(Choice(poll=poll, text=answer) for answer in answers)


def with_tables(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: the tables are there before a view runs."""

    def middleware(request: HttpRequest) -> HttpResponse:
        make_tables()
        return get_response(request)

    return middleware


def show(request: HttpRequest) -> HttpResponse:
    polls = Poll.objects.prefetch_related("choices").order_by("id")
    page = engines["django"].from_string(PAGE)
    return HttpResponse(page.render({"polls": polls, "worker": this_worker()}, request))


def vote(request: HttpRequest) -> HttpResponse:
    if request.method != "POST":
        return HttpResponse(status=405, headers={"Allow": "POST"})
    number = request.POST.get("choice", "")
    choice = get_object_or_404(Choice, pk=int(number) if number.isdecimal() else 0)
    Choice.objects.filter(pk=choice.pk).update(votes=models.F("votes") + 1)
    return redirect("/")


def healthz(_request: HttpRequest) -> HttpResponse:
    Poll.objects.exists()
    return JsonResponse({"status": "ok"})


def whoami(_request: HttpRequest) -> HttpResponse:
    return JsonResponse(this_worker())


def this_worker() -> dict[str, int | str | None]:
    return {
        "pid": os.getpid(),
        "app": os.environ.get("MAINSTAY_APP"),
        "instance": os.environ.get("MAINSTAY_INSTANCE"),
    }


urlpatterns = [path("", show), path("vote", vote), path("healthz", healthz), path("whoami", whoami)]

application = get_wsgi_application()
