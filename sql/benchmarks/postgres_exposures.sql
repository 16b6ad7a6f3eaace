-- No row: makes the table of exposures in PostgreSQL.
CREATE TABLE exposures (
    campaign text NOT NULL,
    number integer NOT NULL,
    day date NOT NULL,
    channel text NOT NULL,
    paid boolean NOT NULL,
    viewable boolean NOT NULL
)
