"""Which checks there are. To add one, write its class and its test, and name it here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import attack, cases, chain, entities, identity, prose, stages, tunables, verdicts

if TYPE_CHECKING:
    from .check import Check

# Without these a detection cannot run: `compile` asks them too.
ESSENTIAL: tuple[type[Check], ...] = (
    chain.RelationStages,
    chain.GroupMembers,
    chain.GroupsApart,
    chain.MatchKeys,
    chain.CaseKeys,
    verdicts.RequirementNames,
    tunables.TunablesDefined,
    tunables.TunableDefaults,
    tunables.SuppressNames,
)

CHECKS: tuple[type[Check], ...] = (
    *ESSENTIAL,
    identity.FileName,
    identity.Folder,
    identity.UniqueId,
    identity.UniqueTitle,
    attack.AttackIds,
    attack.Tactics,
    chain.StagesUsed,
    verdicts.SeverityMatchesRisk,
    verdicts.UniqueVerdicts,
    verdicts.VerdictRests,
    verdicts.Placeholders,
    verdicts.FirstSeenSane,
    tunables.TunablesUsed,
    tunables.InferredLists,
    entities.EntityTypes,
    entities.EntityNames,
    prose.ProsePresent,
    prose.ReferenceUrls,
    cases.TestKinds,
    cases.TestNames,
    cases.TestExpectations,
    cases.VerdictsTested,
    stages.EventNameNeedsSource,
    stages.NoSuchEvents,
    stages.DatedNames,
    stages.SelectionsUsed,
    stages.KnownFields,
)

# (check id, detection name): why it is let off.
EXCLUSIONS: dict[tuple[str, str], str] = {}
