-- No row: says that a version of a rule is taken back, or that it holds again.
INSERT INTO invalid_withdrawals (rule, version, is_withdrawn, reason)
VALUES ({rule:String}, {version:String}, {is_withdrawn:Bool}, {reason:String})
