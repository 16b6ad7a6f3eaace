-- A row of the audit log is never removed.
CREATE TRIGGER audit_log_no_removal BEFORE DELETE ON audit_log
BEGIN
    SELECT RAISE(ABORT, 'the audit log is append-only');
END
