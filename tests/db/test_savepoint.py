"""What a block did is undone when it fails, also when a block inside it had failed before."""

from contextlib import closing

import psycopg2
import pytest

from tlp.db.connection import savepoint


def test_a_block_that_fails_is_undone_though_one_inside_it_had_failed_and_been_undone_before(db):
    with closing(psycopg2.connect(**db)) as connection, connection.cursor() as cur:
        cur.execute("CREATE TEMPORARY TABLE seen (what text)")
        with pytest.raises(KeyError), savepoint(cur):
            cur.execute("INSERT INTO seen VALUES ('outer, before')")
            with pytest.raises(ValueError), savepoint(cur):
                cur.execute("INSERT INTO seen VALUES ('inner')")
                raise ValueError
            cur.execute("INSERT INTO seen VALUES ('outer, after')")
            raise KeyError
        cur.execute("INSERT INTO seen VALUES ('later')")
        cur.execute("SELECT what FROM seen")
        assert cur.fetchall() == [("later",)]
