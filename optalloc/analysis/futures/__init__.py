"""Scenarios made, reduced in number, and new ones on which plans are tested.

Outcomes follow from ranges (generated.py); many scenarios become few by what each costs under the
plans of the others (reduced.py); plans meet scenarios that they were not made for
(out_of_sample.py); what each plan does now is held in each scenario (regrets.py); less risk has its
price (frontier.py). All return `Findings`.
"""
