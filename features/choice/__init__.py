"""Whom to give how much under a budget: a multiple-choice knapsack, solved by its prices.

`levels` checks effects and costs, `envelope` reduces each person's amounts to those that can be
best, `personal` chooses people and amounts, `shared` one amount for all or for each segment,
`limits` says within what, `prices` proves how good a choice is, `pacing` spends it over a day.
"""
