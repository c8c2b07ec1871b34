"""What each player's running in a match comes to: distance, speed bands, efforts, peak speeds."""

import polars as pl

from touchline.core.contracts import conformed
from touchline.tracking.contracts.events import RateRule
from touchline.tracking.contracts.physical import (
    PLAYER_COUNTS,
    PLAYER_DISTANCES,
    PLAYER_PHYSICAL,
)
from touchline.tracking.gold.efforts import PhysicalRule, effort_counts
from touchline.tracking.gold.kinematics import (
    KMH_PER_MS,
    Kinematics,
    KinematicsRule,
    given_or_made,
)
from touchline.tracking.gold.phases import (
    DEAD_BALL,
    IN_POSSESSION,
    OUT_OF_POSSESSION,
    play_states,
)
from touchline.tracking.gold.rates import Rated, per_30, per_90, per_minutes

__all__ = ["PhysicalRule", "player_physical"]

_BANDS = {
    "distance": (0, 1, 2, 3),
    "running_distance": (1,),
    "hsr_distance": (2,),
    "sprint_band_distance": (3,),
    "hi_distance": (2, 3),
}
_STATES = {"tip": IN_POSSESSION, "otip": OUT_OF_POSSESSION, "dead": DEAD_BALL}
_SECONDS_PER_MIN = 60
_NM_PER_M = 1_000_000_000


def player_physical(
    frames: pl.DataFrame,
    players: pl.DataFrame,
    phases: pl.DataFrame,
    *,
    rule: Rated[PhysicalRule] | None = None,
    motion: Kinematics | None = None,
) -> pl.DataFrame:
    """Each player's distances, efforts and peak speeds, and how well they were seen.

    Nothing is measured across a gap: its chord is too short for a distance (over gaps of up to
    20 s a match would lose 8 % of it) and says nothing of speed. Distances are metres per second
    seen, in each state of play, x the seconds he played in that state.

    Args:
        frames: FRAMES of one match, in any order.
        players: PLAYERS of the match; those who neither started nor played get no row.
        phases: PHASES of the match.
        rule: The thresholds, and the rule of rates; the defaults if not given.
        motion: kinematics(frames, rule.amounts.kinematics), where the caller has it already.

    Returns:
        PLAYER_PHYSICAL, one row per player, ordered by key.

    Raises:
        ContractError: The frames are of more than one match.

    Source: docs/tracking.md, Numbers; the provider's glossary of physical metrics.
    """
    rule = rule or Rated(PhysicalRule())
    limits = rule.amounts
    motion = given_or_made(motion, frames, limits.kinematics)
    state = play_states(phases, motion.frames["frame"], motion.frames["team_id"])
    counts = effort_counts(motion, state, limits)
    squad = players.filter(pl.col("started") | pl.col("played"))
    told = (
        squad.join(_moved(motion, state, limits), on="player_id", how="left")
        .join(_peaks(motion, limits), on="player_id", how="left")
        .join(counts, on="player_id", how="left")
        .with_columns(_nothing_done(counts), *_full_distances(), *_shares(motion.rule.frames_per_s))
        .with_columns(_rates(rule.rate))
    )
    return conformed(told, PLAYER_PHYSICAL).sort(PLAYER_PHYSICAL.key)


def _moved(motion: Kinematics, state: pl.Series, rule: PhysicalRule) -> pl.DataFrame:
    """Per player: positions, those detected, seconds and metres seen, by state of play and band.

    Added up as whole numbers, so that no order of adding changes a digit.
    """
    nm_per_frame = _NM_PER_M / KMH_PER_MS / motion.rule.frames_per_s
    speed = pl.col("speed_kmh")
    limits = (rule.running_kmh, rule.hsr_kmh, rule.sprint_kmh)
    band = pl.sum_horizontal((speed >= limit).cast(pl.UInt32) for limit in limits)
    rows = pl.concat(
        [motion.frames.select("player_id", "is_detected"), motion.speeds, state.to_frame()],
        how="horizontal",
    )
    cell = pl.col("player_id").rle_id() * 12 + pl.col("state") * 4 + band
    return (
        rows.lazy()
        .select(
            "player_id",
            "is_detected",
            cell=cell,
            frames=pl.when(speed.is_not_null()).then("step_frames"),
            nanometres=(speed * pl.col("step_frames") * nm_per_frame).round().cast(pl.Int64),
        )
        .group_by("cell")
        .agg(
            pl.col("player_id").first(),
            pl.col("is_detected", "frames", "nanometres").sum(),
            positions=pl.len(),
        )
        .with_columns(state=pl.col("cell") // 4 % 3, band=pl.col("cell") % 4)
        .group_by("player_id")
        .agg(pl.col("positions", "is_detected").sum(), *_by_state_and_band(motion.rule))
        .collect()
    )


def _by_state_and_band(rule: KinematicsRule) -> list[pl.Expr]:
    """Seconds, and metres of each stem, in all and in each state of play."""
    ends = {"": pl.lit(value=True)}
    ends |= {f"_{name}": pl.col("state") == state for name, state in _STATES.items()}
    found = []
    for end, here in ends.items():
        frames = pl.col("frames").filter(here).sum()
        found.append((frames / rule.frames_per_s).alias(f"seconds{end}"))
        for stem, bands in _BANDS.items():
            length = pl.col("nanometres").filter(here & pl.col("band").is_in(bands)).sum()
            found.append((length / _NM_PER_M).alias(f"{stem}_seen{end}"))
    return found


def _peaks(motion: Kinematics, rule: PhysicalRule) -> pl.DataFrame:
    speed, held = pl.col("speed_kmh"), pl.col("held_speed_kmh")
    quantile = rule.peak_quantile
    rows = pl.concat([motion.frames.select("player_id"), motion.speeds], how="horizontal")
    return rows.group_by("player_id").agg(
        top_speed_kmh=pl.coalesce(held.max(), speed.max()),
        speed_p99_kmh=speed.quantile(quantile, "linear"),
        psv99_kmh=held.filter(held >= rule.running_kmh).quantile(quantile, "linear"),
    )


def _nothing_done(counts: pl.DataFrame) -> pl.Expr:
    """0 for what a player did not do, where he was seen at all."""
    names = counts.drop("player_id").columns
    return pl.when(pl.col("positions") > 0).then(pl.col(names).fill_null(0))


def _full_distances() -> list[pl.Expr]:
    """Metres a second seen, in each state of play, x the seconds he played in it.

    Where he was never seen in a state, his pace over all states stands for it.
    """
    played, tip, otip = (pl.col(f"minutes_{name}") for name in ("played", "tip", "otip"))
    minutes = {"tip": tip, "otip": otip, "dead": (played - tip - otip).clip(0)}
    found = [pl.col("distance_seen").alias("distance_measured_m")]
    for stem, _ in PLAYER_DISTANCES:
        overall = pl.col(f"{stem}_seen") / pl.col("seconds")
        full = {
            name: _pace(stem, name, overall) * minutes[name] * _SECONDS_PER_MIN for name in _STATES
        }
        whole = full["tip"] + full["otip"] + full["dead"]
        found += [
            pl.coalesce(whole, overall * played * _SECONDS_PER_MIN).alias(f"{stem}_m"),
            full["tip"].alias(f"{stem}_tip_m"),
            full["otip"].alias(f"{stem}_otip_m"),
        ]
    return found


def _pace(stem: str, state: str, overall: pl.Expr) -> pl.Expr:
    seconds = pl.col(f"seconds_{state}")
    return pl.when(seconds > 0).then(pl.col(f"{stem}_seen_{state}") / seconds).otherwise(overall)


def _shares(frames_per_s: float) -> list[pl.Expr]:
    played = pl.col("minutes_played") * _SECONDS_PER_MIN * frames_per_s
    share = (pl.col("positions").fill_null(0) / played).clip(0, 1)
    return [
        pl.when(played > 0).then(share).alias("frames_share"),
        (pl.col("is_detected") / pl.col("positions")).alias("detected_share"),
    ]


def _rates(rule: RateRule) -> list[pl.Expr]:
    stems = [stem for stem, _ in PLAYER_DISTANCES]
    names = [name for name, _ in PLAYER_COUNTS]
    return [
        per_minutes("distance_m", "minutes_played", 1).alias("metres_per_min"),
        *(per_90(f"{stem}_m", rule).alias(f"{stem}_per_90_m") for stem in stems),
        *(per_90(name, rule).alias(f"{name}_per_90") for name in names),
        *(rate for possession in ("tip", "otip") for rate in _rates_in(possession, rule)),
    ]


def _rates_in(possession: str, rule: RateRule) -> list[pl.Expr]:
    pace = per_minutes(f"distance_{possession}_m", f"minutes_{possession}", 1)
    return [
        pace.alias(f"metres_per_min_{possession}"),
        *(
            per_30(f"{stem}_{possession}_m", possession, rule).alias(
                f"{stem}_per_30_{possession}_m"
            )
            for stem, _ in PLAYER_DISTANCES
        ),
        *(
            per_30(f"{name}_{possession}", possession, rule).alias(f"{name}_per_30_{possession}")
            for name, _ in PLAYER_COUNTS
        ),
    ]
