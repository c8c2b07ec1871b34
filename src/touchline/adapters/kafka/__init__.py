"""Kafka: the log of a cluster, shared by many processes."""

from touchline.adapters.kafka.cluster import Cluster, Security, msk_iam, plaintext, sasl_tls, tls
from touchline.adapters.kafka.log import KafkaLog

__all__ = ["Cluster", "KafkaLog", "Security", "msk_iam", "plaintext", "sasl_tls", "tls"]
