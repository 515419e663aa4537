"""Backbone + head: load, score, rank, save. And the baselines of that, with the same interface.

Names load with first use: scoring with a linear model needs no torch.
"""

from typing import TYPE_CHECKING

from plaudit._face import face

if TYPE_CHECKING:
    from plaudit.model.acceleration import check_liger, compile_layers, use_liger
    from plaudit.model.backbones import resolve
    from plaudit.model.baselines import baseline_folder, baseline_names, check_backbone, is_baseline, load_baselines
    from plaudit.model.cache.activations import cached_layout
    from plaudit.model.cache.features import cached_features, shared_features
    from plaudit.model.cache.tokens import RenderedStore, part_of, rendered_on_disk
    from plaudit.model.cards.render import card
    from plaudit.model.combining import combine
    from plaudit.model.ensemble import Ensemble
    from plaudit.model.folder.contents import (
        BASELINES_FOLDER,
        CHECKPOINTS,
        ENSEMBLE,
        HEADS_FILE,
        LINEAR_MODEL,
        LOGS,
        PROBE_PREFIX,
        REWARD_MODEL,
        RUN_FILE,
    )
    from plaudit.model.folder.open import check_model, member_names, open_model
    from plaudit.model.folder.write import check_model_folder, check_not_made_of, staged
    from plaudit.model.frozen_weights import frozen_in, merge_lora
    from plaudit.model.heads import Attribute, Outputs
    from plaudit.model.layouts.padded import PaddedLayout
    from plaudit.model.linear import FEATURES, Linear, LinearModel, Matrix
    from plaudit.model.linear_probe import make_linear_probe, save_linear_probe
    from plaudit.model.loading import check_vocabulary, settle_padding
    from plaudit.model.network import RewardNetwork
    from plaudit.model.policy_text import PolicyText
    from plaudit.model.prepared import Prepared
    from plaudit.model.remote.client import AsyncClient, Client
    from plaudit.model.remote.exchange import keep_token
    from plaudit.model.remote.scorer import RemoteScorer
    from plaudit.model.renderers import Skeleton, open_renderer, open_skeleton
    from plaudit.model.rendering import Rendered, Renderer
    from plaudit.model.reward_model import RewardModel
    from plaudit.model.scorer import DEFAULT_BATCH_TOKENS, Scorer
    from plaudit.model.self_check import checking_a_copy, choose_layout, settle_attention
    from plaudit.model.sharing import grow_shared
    from plaudit.model.templates import read_template, settle_template
    from plaudit.model.token_check import TokenCheck
    from plaudit.model.trainable import TRAINABLE, adding_adapters, drops_out, freeze, layers, parameter_counts
else:
    __getattr__, __dir__ = face(__name__, __file__)

__all__ = [
    "BASELINES_FOLDER",
    "CHECKPOINTS",
    "DEFAULT_BATCH_TOKENS",
    "ENSEMBLE",
    "FEATURES",
    "HEADS_FILE",
    "LINEAR_MODEL",
    "LOGS",
    "PROBE_PREFIX",
    "REWARD_MODEL",
    "RUN_FILE",
    "TRAINABLE",
    "AsyncClient",
    "Attribute",
    "Client",
    "Ensemble",
    "Linear",
    "LinearModel",
    "Matrix",
    "Outputs",
    "PaddedLayout",
    "PolicyText",
    "Prepared",
    "RemoteScorer",
    "Rendered",
    "RenderedStore",
    "Renderer",
    "RewardModel",
    "RewardNetwork",
    "Scorer",
    "Skeleton",
    "TokenCheck",
    "adding_adapters",
    "baseline_folder",
    "baseline_names",
    "cached_features",
    "cached_layout",
    "card",
    "check_backbone",
    "check_liger",
    "check_model",
    "check_model_folder",
    "check_not_made_of",
    "check_vocabulary",
    "checking_a_copy",
    "choose_layout",
    "combine",
    "compile_layers",
    "drops_out",
    "freeze",
    "frozen_in",
    "grow_shared",
    "is_baseline",
    "keep_token",
    "layers",
    "load_baselines",
    "make_linear_probe",
    "member_names",
    "merge_lora",
    "open_model",
    "open_renderer",
    "open_skeleton",
    "parameter_counts",
    "part_of",
    "read_template",
    "rendered_on_disk",
    "resolve",
    "save_linear_probe",
    "settle_attention",
    "settle_padding",
    "settle_template",
    "shared_features",
    "staged",
    "use_liger",
]
