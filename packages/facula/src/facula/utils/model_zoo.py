"""PyTorch's old name for fetching weights: `load_url` is `facula.hub.load_state_dict_from_url`."""

from facula.hub import load_state_dict_from_url as load_url

__all__ = ["load_url"]
