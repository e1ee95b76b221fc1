"""What the tests of training share."""

import pytest


@pytest.fixture
def build(local_ray):
    """Build algorithms that are stopped when the test ends."""
    built = []

    def build(config):
        built.append(config.build_algo())
        return built[-1]

    yield build
    for algorithm in built:
        algorithm.stop()
