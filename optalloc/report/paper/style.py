"""Colours and font of a paper."""

__all__ = ["FONT", "GREY", "INK", "LAND", "PALE", "PALETTE", "ROLES", "SEA"]

# Its widths are those of `fit`.
FONT = "Arial"
# Okabe and Ito (2008), in an order that keeps neighbours apart; yellow is too pale for lines.
PALETTE = ("0072B2", "E69F00", "009E73", "CC79A7", "56B4E9", "D55E00", "000000", "999999")
INK, GREY, PALE, SEA, LAND = "1F2933", "5B6670", "EEF3F7", "E8EFF4", "CBD3D9"
# Of a bridge: what adds, takes off, and comes to.
ROLES = {"adds": "F2A96B", "takes": "7CCBA8", "total": "7FB4DA"}
