"""A module whose lines run in namespaces, in a child process and in a thread; the last line never runs."""


def price(where):
    if where == "red":
        return 1
    if where == "blue":
        return 2
    if where == "child":
        return 3
    if where == "thread":
        return 4
    return 0


if __name__ == "__main__":
    print(price("child"))
