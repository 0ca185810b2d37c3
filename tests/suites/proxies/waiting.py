import pathlib
import time

from pytest_netns_mysql import factories

router = factories.router(namespace="blue")


def test_it(router, request):
    draft = pathlib.Path(request.config.rootpath, "draft")
    draft.write_text(f"{router.pid}")
    draft.rename(draft.with_name("pid"))
    time.sleep(60)
