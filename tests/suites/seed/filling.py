from pathlib import Path


def customers(connection):
    with Path(__file__).with_name("calls.txt").open("a") as calls:
        calls.write("called\n")
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO shop.customers VALUES (5, 'Eve')")
