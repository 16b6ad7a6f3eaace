-- One row a change of a label's champion, in order; label '' and program '' are all.
SELECT program, label, number, action, version, model_id, promoted_by, why, forced, promoted_at
FROM model_promotions
WHERE (program = {program:String} OR {program:String} = '') AND (label = {label:String} OR {label:String} = '')
ORDER BY program, label, number, promoted_at
