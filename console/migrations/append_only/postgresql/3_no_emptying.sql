-- Nor are all its rows at once.
CREATE TRIGGER audit_log_no_emptying BEFORE TRUNCATE ON audit_log
FOR EACH STATEMENT EXECUTE FUNCTION audit_log_refuse()
