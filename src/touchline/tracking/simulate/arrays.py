"""The array types of the simulation, and a source of random numbers for each of its topics."""

import zlib

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]
Names = npt.NDArray[np.object_]


def randomness(seed: int, number: int, topic: str) -> np.random.Generator:
    """Random numbers of their own for each topic, so that one topic's change moves no other."""
    return np.random.default_rng([abs(seed), abs(number), zlib.crc32(topic.encode())])
