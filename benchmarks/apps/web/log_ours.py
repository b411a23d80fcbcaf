"""mainstay.web's access log in the format `combined`, and no more: as the peers, without request ids."""

from bare_asgi_one import one
from by_path import asgi_by_path

from mainstay.web.accesslog import AccessLog

app = asgi_by_path({"/bare": one, "/logged": AccessLog(one, format="combined", request_id=False)})
