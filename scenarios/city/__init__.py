"""A simulated city: people with wallets, advertisers with campaigns, and the truth about both.

`plan` says how large it is, `people` who lives there, `wallets` what they do with their coins,
`marketing` what advertisers do, `outcomes` what each person would do with and without a campaign,
`outbox` when it all happens, `records` how it is written, `truth` what really happened. `city` lets
the days pass. Everything works on columns, never on one event at a time.
"""
