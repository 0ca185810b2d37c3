"""A model of Tortoise ORM, which a connection cannot be initialized without."""

from tortoise import fields, models


class Item(models.Model):  # type: ignore[misc,unused-ignore]
    """A thing that the shop sells."""

    id = fields.IntField(primary_key=True)
    name = fields.CharField(max_length=20)
