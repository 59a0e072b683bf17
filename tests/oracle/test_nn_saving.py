"""Parameters and state dicts between the two libraries, through files."""

import pytest

import facula

torch = pytest.importorskip("torch", reason="the environment `oracle` has PyTorch")


def test_pytorch_reads_our_parameters_and_we_read_theirs(tmp_path) -> None:
    ours = facula.nn.Sequential(facula.nn.Linear(3, 2), facula.nn.BatchNorm1d(2))
    theirs = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    facula.save(ours.state_dict(), tmp_path / "ours.pt")
    theirs.load_state_dict(torch.load(tmp_path / "ours.pt"))
    assert theirs[0].weight.tolist() == ours[0].weight.tolist()
    torch.save(dict(theirs.named_parameters()), tmp_path / "theirs.pt")
    loaded = facula.load(tmp_path / "theirs.pt")
    assert all(isinstance(p, facula.nn.Parameter) for p in loaded.values())
    facula.save(dict(ours.named_parameters()), tmp_path / "ours.pt")
    back = torch.load(tmp_path / "ours.pt")
    assert all(isinstance(p, torch.nn.Parameter) and p.requires_grad for p in back.values())
