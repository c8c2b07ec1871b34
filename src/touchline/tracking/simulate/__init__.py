"""Made-up matches in the provider's exact format, with planted truth and faults on request."""

from touchline.tracking.simulate.files import truth_path, write
from touchline.tracking.simulate.plan import Faults, MatchPlan, SimulatedMatch
from touchline.tracking.simulate.play import match
from touchline.tracking.simulate.reissue import reissued

__all__ = ["Faults", "MatchPlan", "SimulatedMatch", "match", "reissued", "truth_path", "write"]
