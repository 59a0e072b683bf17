"""Optimisers and learning-rate schedules."""

from facula.optim.adam import Adam, AdamW
from facula.optim.optimizer import (
    Optimizer,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from facula.optim.rule import RuleOptimizer
from facula.optim.sgd import ASGD, SGD

__all__ = ["ASGD", "Adam", "AdamW", "Optimizer", "RuleOptimizer", "SGD",
           "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook"]
