"""mainstay.web's access log for WSGI in the format `combined`, as the peers without request ids."""

from bare_wsgi_one import one
from by_path import wsgi_by_path

from mainstay.web.accesslog import WSGIAccessLog

app = wsgi_by_path({"/bare": one, "/logged": WSGIAccessLog(one, format="combined", request_id=False)})
