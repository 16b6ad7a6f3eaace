-- One row: about how many people had a wallet of {program} before {at}, for the number of slices.
SELECT uniq(account) AS people
FROM postings
WHERE kind = 'wallet' AND program = {program:String} AND time < {at:DateTime64(6, 'UTC')}
