"""The umbrella's names: every public name is there, one object under one path, none misspelt."""

import importlib
import subprocess
import sys

import pytest

import facula
import facula.core


def test_every_public_name_resolves() -> None:
    missing = [name for name in facula.__all__ if not hasattr(facula, name)]
    assert missing == []
    assert len(facula.__all__) == len(set(facula.__all__))


def test_every_public_name_of_core_is_the_same_object() -> None:
    for name in facula.core.__all__:
        assert getattr(facula, name) is getattr(facula.core, name), name


@pytest.mark.parametrize("layer", ["core", "autograd", "nn", "optim", "data", "vision"])
def test_every_name_in_a_layers_table_of_contents_resolves(layer: str) -> None:
    module = importlib.import_module(f"facula.{layer}")
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_dir_lists_what_is_lazy() -> None:
    assert {"nn", "optim", "data", "vision", "utils", "tensor"} <= set(dir(facula))


def test_a_misspelt_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="module 'facula' has no attribute 'tensro'"):
        facula.tensro  # noqa: B018


def test_data_has_pytorchs_name_too() -> None:
    assert facula.utils.data.DataLoader is facula.data.DataLoader
    for room, name in (("dataset", "Subset"), ("sampler", "SubsetRandomSampler"),
                       ("distributed", "DistributedSampler"), ("dataloader", "default_collate"),
                       ("_utils.collate", "default_collate")):
        module = importlib.import_module(f"facula.utils.data.{room}")
        assert getattr(module, name) is getattr(facula.data, name)
        assert set(module.__all__) <= set(facula.data.__all__)


def test_weights_are_fetched_by_the_old_name_too() -> None:
    assert facula.utils.model_zoo.load_url is facula.hub.load_state_dict_from_url


@pytest.mark.parametrize(("before", "after"), [
    ("", "assert gc.isenabled() and not gc.get_freeze_count()"),
    ("gc.disable()", "assert not gc.isenabled() and not gc.get_freeze_count()"),
    ("gc.freeze(); frozen = gc.get_freeze_count()", "assert 0 < gc.get_freeze_count() <= frozen")])
def test_the_import_leaves_the_collector_as_it_was(before: str, after: str) -> None:
    code = f"import gc\n{before}\nimport facula\n{after}\n"
    code += "class A: pass\na = A(); a.a = a; del a\nassert gc.collect() > 0"
    subprocess.run([sys.executable, "-c", code], check=True)
