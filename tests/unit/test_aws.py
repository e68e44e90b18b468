"""One session for all clients of AWS: what botocore reads, it reads once."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import UnknownServiceError
from storesync.state import aws
from storesync.state.sessions import SERVICES
from storesync.state.tables import Table


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s", "AWS_DEFAULT_REGION": "eu-central-1"}.items():
        monkeypatch.setenv(name, value)


def test_clients_that_are_made_at_once_work_and_share_what_was_read() -> None:
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(aws.connect, SERVICES * 3))
    assert [client.meta.service_model.service_name for client in made] == list(SERVICES * 3)
    assert {client.meta.region_name for client in made} == {"eu-central-1"}


def test_the_tables_use_the_same_session() -> None:
    states, journal = (Table(name, "eu-central-1")._model._get_connection().connection for name in ("a", "b"))
    assert states.session is journal.session is aws.session()
    assert states.client.meta.region_name == "eu-central-1"


def test_another_service_is_refused_at_once_instead_of_at_its_first_call() -> None:
    with pytest.raises(UnknownServiceError):
        aws.connect("s3")
