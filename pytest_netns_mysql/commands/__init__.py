"""The commands of netns-mysql, a file each."""
