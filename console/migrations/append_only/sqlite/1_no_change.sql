-- A row of the audit log is never changed.
CREATE TRIGGER audit_log_no_change BEFORE UPDATE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END
