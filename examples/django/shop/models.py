"""What the shop sells."""

from django.db import models


class Item(models.Model):  # type: ignore[misc,unused-ignore]
    """A thing that the shop sells."""

    name = models.CharField(max_length=20)
