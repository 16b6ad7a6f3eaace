-- One row per person of a set, beside what another scan has of them.
/*kind*/ JOIN
(
/*scan*/
) AS /*alias*/ ON /*alias*/.person = people.person
