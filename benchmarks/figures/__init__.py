"""What is measured: one module per figure, each with `rows`, and the targets they are held to."""

from figures import days, frames, gate, match, matches, planning, publish, start, upkeep

FIGURES = {
    "frames": frames.rows,
    "match": match.rows,
    "gate": gate.rows,
    "publish": publish.rows,
    "plan": planning.rows,
    "days": days.rows,
    "up": upkeep.rows,
    "start": start.rows,
    "matches": matches.rows,
}
