-- One row a version of a label, by program, label and version; label '' and program '' are all.
SELECT program, label, version, model_id, kind, sha256, registered_by, registered_at
FROM model_versions
WHERE (program = {program:String} OR {program:String} = '') AND (label = {label:String} OR {label:String} = '')
ORDER BY program, label, version, registered_at
