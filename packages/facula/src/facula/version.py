"""PyTorch's `torch.version`: the version, and that no vendor's runtime is used."""

__all__ = ["cuda", "git_version", "hip"]

#: None: GPUs are reached through OpenCL.
cuda = None
#: None: GPUs are reached through OpenCL.
hip = None
#: Not known to an installed package.
git_version = "Unknown"
