-- No row: takes exposures in, as CSV.
COPY exposures FROM STDIN (FORMAT csv)
