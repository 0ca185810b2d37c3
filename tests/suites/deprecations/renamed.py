"""A plugin that loads before ours, and gives two settings earlier names, as a new version would."""

from pytest_netns_mysql import settingtable

FORMER = {"topology": ("network",), "unavailable": ("missing",)}
settingtable.TABLE = tuple(setting._replace(former=FORMER.get(setting.name, ())) for setting in settingtable.TABLE)
