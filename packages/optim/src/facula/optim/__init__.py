"""Optimisers and learning-rate schedules."""

from facula.optim import lr_scheduler, swa_utils
from facula.optim.adafactor import Adafactor
from facula.optim.adam import Adam, AdamW
from facula.optim.adam_variants import Adamax, NAdam, RAdam
from facula.optim.adaptive import Adadelta, Adagrad, RMSprop, Rprop
from facula.optim.lbfgs import LBFGS
from facula.optim.muon import Muon
from facula.optim.optimizer import (
    Optimizer,
    register_optimizer_step_post_hook,
    register_optimizer_step_pre_hook,
)
from facula.optim.rule import RuleOptimizer
from facula.optim.sgd import ASGD, SGD
from facula.optim.sparse_adam import SparseAdam
from facula.optim.swapping import swap_in_optimizer_params_and_state

__all__ = [
    "ASGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "LBFGS", "Muon",
    "NAdam", "Optimizer", "RAdam", "RMSprop", "Rprop", "RuleOptimizer", "SGD", "SparseAdam",
    "lr_scheduler", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook",
    "swa_utils", "swap_in_optimizer_params_and_state",
]
