-- No row: says that a day was judged, by which rules and on what.
INSERT INTO invalid_days (day, rules, seen)
VALUES ({day:Date}, {rules:String}, {seen:String})
