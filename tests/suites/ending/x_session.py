def test_it_holds_a_lock(netns_mysqld, netns_mysql):
    netns_mysqld.execute("CREATE USER other@'%%' IDENTIFIED BY 'x'")
    netns_mysqld.execute("GRANT ALL ON *.* TO other@'%%'")
    with netns_mysql.cursor() as cursor:
        cursor.execute("CREATE TABLE t (a INT)")
    session = netns_mysqld.connect("red", driver="mysqlx", user="other", password="x")
    globals()["kept"] = session
    session.sql("START TRANSACTION").execute()
    session.sql("SELECT * FROM global_schema.t").execute().fetch_all()


def test_next(netns_mysql, netns_mysqlx):
    with netns_mysql.cursor() as cursor:
        cursor.execute("CREATE TABLE t (a INT)")
