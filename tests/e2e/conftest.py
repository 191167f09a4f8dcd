"""Fixtures: a fleet that is empty, one machine, or three. Each ends with the proof that nothing
is left: no process, no sanitizer report, every daemon ended with 0."""
import pytest

from fleet import Fleet, free_ports


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.when == "call":
        item.failed = report.failed


@pytest.fixture
def fleet(request):
    it = Fleet()
    yield it
    wrong = it.close()
    if wrong or getattr(request.node, "failed", True):
        print(it.logs())
    it.remove()
    assert not wrong, "\n".join(wrong)


@pytest.fixture
def alone(fleet):
    """A sheriff and its own machine's deputy."""
    fleet.sheriffd = fleet.sheriff()
    fleet.alpha = fleet.deputy("alpha")
    return fleet


@pytest.fixture
def three(fleet):
    """Three deputies: alpha on the sheriff's own sockets, beta and gamma over tcp."""
    endpoint = f"tcp://127.0.0.1:{free_ports()}"
    fleet.endpoint = endpoint
    fleet.sheriffd = fleet.sheriff("--listen", endpoint)
    fleet.alpha = fleet.deputy("alpha")
    fleet.beta = fleet.deputy("beta", "--sheriff", endpoint)
    fleet.gamma = fleet.deputy("gamma", "--sheriff", endpoint)
    return fleet
