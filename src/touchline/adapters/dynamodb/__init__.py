"""DynamoDB: rows that applications read by key."""

from touchline.adapters.dynamodb.serving import DynamoServing

__all__ = ["DynamoServing"]
